/**
 * Who may come in: the three KALSHI-ACCESS headers, checked against one key pair.
 *
 * Signed text: timestamp in ms, method, path without query. RSA keys sign RSA-PSS with SHA-256, MGF1-SHA-256 and a salt
 * of 32 bytes (docs.kalshi.com/getting_started/api_keys, read 2026-08); Ed25519 keys sign the bytes themselves (seen in
 * production, 2026-10). The ±60 s are measured on REST; for the WebSocket handshake unconfirmed live.
 */
import {
  constants,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  randomUUID,
  verify,
} from 'node:crypto'
import { chmod, readFile, rename, rm, writeFile } from 'node:fs/promises'
import type { IncomingHttpHeaders } from 'node:http'
import { promisify } from 'node:util'
import { ExchangeError } from '../error.ts'

export type KeyType = 'rsa' | 'ed25519'

export const TIMESTAMP_TOLERANCE_MS = 60_000
const SALT_BYTES = 32

export type Admission =
  | { readonly kind: 'admitted' }
  | { readonly kind: 'refused'; readonly code: string; readonly details: string }

/** A fresh private key as PKCS#8 PEM: RSA-2048 or Ed25519. */
export async function generateKeyPem(type: KeyType): Promise<string> {
  const pair =
    type === 'rsa'
      ? await promisify(generateKeyPair)('rsa', { modulusLength: 2048 })
      : await promisify(generateKeyPair)('ed25519', {})
  return pair.privateKey.export({ type: 'pkcs8', format: 'pem' }) as string
}

/**
 * The key of an earlier run, so that a recorder that knows it may go on; `undefined` when there is no file. A file that is
 * something else is never overwritten: {@link ExchangeError}.
 */
export async function readKeyFile(path: string): Promise<string | undefined> {
  let pem: string
  try {
    pem = await readFile(path, 'utf8')
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return undefined
    throw keyFileFault(path, `it cannot be read (${code})`, error)
  }
  try {
    createPrivateKey(pem)
    return pem
  } catch (error) {
    throw keyFileFault(path, 'it holds something else than a private key', error)
  }
}

const keyFileFault = (path: string, found: string, cause: unknown): ExchangeError =>
  new ExchangeError(
    'FLOW_EXCHANGE_OPTIONS',
    `${path} is there, and ${found}: name another file with --key-out`,
    [],
    cause,
  )

/** Writes the key so that only its owner can read it, and no reader ever sees half of it. */
export async function writeKeyFile(path: string, pem: string): Promise<void> {
  const temporary = `${path}.${randomUUID()}.tmp`
  try {
    await writeFile(temporary, pem, { mode: 0o600, flag: 'wx' })
    await chmod(temporary, 0o600)
    await rename(temporary, path)
  } catch (error) {
    await rm(temporary, { force: true })
    throw error
  }
}

/** The public half that {@link admit} checks against. Takes a private key. */
export const publicKeyOf = (pem: string): KeyObject => createPublicKey(pem)

export const isSigned = (headers: IncomingHttpHeaders): boolean =>
  [KEY_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER].some((name) => headers[name] !== undefined)

/** The key id of a signed request. */
export const keyIdOf = (headers: IncomingHttpHeaders): string => String(headers[KEY_HEADER] ?? '')

const KEY_HEADER = 'kalshi-access-key'
const TIMESTAMP_HEADER = 'kalshi-access-timestamp'
const SIGNATURE_HEADER = 'kalshi-access-signature'

/** Judges a request's headers. Any key id is taken; the signature must be this key's. */
export function admit(
  headers: IncomingHttpHeaders,
  method: string,
  url: string,
  key: KeyObject,
  nowMs: number,
): Admission {
  const [keyId, timestamp, signature] = [KEY_HEADER, TIMESTAMP_HEADER, SIGNATURE_HEADER].map((name) => headers[name])
  if (!isText(keyId) || !isText(timestamp) || !isText(signature)) {
    return refuse(
      'missing_headers',
      'KALSHI-ACCESS-KEY, KALSHI-ACCESS-TIMESTAMP and KALSHI-ACCESS-SIGNATURE are needed',
    )
  }
  if (!/^\d{1,16}$/.test(timestamp))
    return refuse('invalid_timestamp', 'KALSHI-ACCESS-TIMESTAMP must be Unix ms in digits')
  if (Math.abs(nowMs - Number(timestamp)) > TIMESTAMP_TOLERANCE_MS) {
    return refuse('header_timestamp_expired', `the timestamp is more than ${TIMESTAMP_TOLERANCE_MS / 1000} s off`)
  }
  const path = url.split('?')[0] as string
  const signed = Buffer.from(`${timestamp}${method}${path}`)
  return isGenuine(signed, Buffer.from(signature, 'base64'), key)
    ? { kind: 'admitted' }
    : refuse('incorrect_signature', 'the signature is not that of the key over timestamp, method and path')
}

function isGenuine(signed: Buffer, signature: Buffer, key: KeyObject): boolean {
  if (key.asymmetricKeyType === 'ed25519') return verify(null, signed, key, signature)
  return verify('sha256', signed, { key, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_BYTES }, signature)
}

const isText = (value: unknown): value is string => typeof value === 'string' && value !== ''
const refuse = (code: string, details: string): Admission => ({ kind: 'refused', code, details })
