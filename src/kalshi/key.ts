/**
 * The private key that signs requests to Kalshi: read once at start, kept in memory, never written or printed.
 *
 * Kalshi hands out RSA keys and, since about October 2026, Ed25519 keys (seen in production by others; the documents of
 * August speak of RSA alone; unconfirmed live), so the algorithm follows from the key. RSA signs with PSS, SHA-256 and a
 * salt of 32 bytes (docs.kalshi.com/getting_started/api_keys, read 2026-08).
 */
import {
  createPrivateKey,
  createPublicKey,
  constants as cryptoConstants,
  type KeyObject,
  sign,
  verify,
} from 'node:crypto'
import { closeSync, constants as fsConstants, fstatSync, openSync, readFileSync } from 'node:fs'
import { KeyError } from './key-error.ts'
import { type KeyBytes, publicOnly, readKeyText, wrongType } from './key-text.ts'

export type KeySource = { readonly path: string } | { readonly content: string }

export type LoadedKey = {
  readonly key: SigningKey
  /** What is unsafe about how the key is kept, in whole sentences; empty when nothing is. */
  readonly warnings: readonly string[]
}

const RSA_BITS_MIN = 2048
/** A PEM of RSA-16384 takes 13 KB; whatever is longer is another file. */
const KEY_BYTES_MAX = 65_536
const SALT_BYTES = 32
const PRINTED = '‹secret›'

/** The key, ready to sign. Throws a {@link KeyError} that says what was found and what to do. Reads the file synchronously: it is for the start. */
export function loadKey(source: KeySource): LoadedKey {
  if ('content' in source) return { key: new SigningKey(parseKey(source.content)), warnings: [] }
  const { text, warnings } = readKeyFile(source.path)
  return { key: new SigningKey(parseKey(text)), warnings }
}

/** Signs and does nothing else. Prints as `‹secret›` however it is printed. */
export class SigningKey {
  readonly algorithm: 'rsa-pss-sha256' | 'ed25519'
  readonly #key: KeyObject

  constructor(key: KeyObject) {
    this.algorithm = key.asymmetricKeyType === 'ed25519' ? 'ed25519' : 'rsa-pss-sha256'
    this.#key = key
  }

  /** The signature over the UTF-8 bytes of `text`, base64. An RSA signature differs each time: its salt is random. */
  sign(text: string): string {
    return signBytes(this.#key, Buffer.from(text)).toString('base64')
  }

  toString(): string {
    return PRINTED
  }

  toJSON(): string {
    return PRINTED
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return PRINTED
  }
}

function parseKey(text: string): KeyObject {
  const bytes = readKeyText(text)
  const key = decodeKey(bytes)
  if (key.asymmetricKeyType === 'rsa') {
    const bits = key.asymmetricKeyDetails?.modulusLength ?? 0
    if (bits < RSA_BITS_MIN) {
      throw new KeyError(
        'FLOW_KEY_SHORT',
        `Found an RSA key of ${bits} bits; ${RSA_BITS_MIN} or more are needed. Make a new API key at Kalshi.`,
      )
    }
  } else if (key.asymmetricKeyType !== 'ed25519') {
    throw wrongType(`a key of type ${key.asymmetricKeyType ?? 'unknown'}`)
  }
  if (!provesItself(key)) {
    throw new KeyError(
      'FLOW_KEY_BROKEN',
      'Found a private key whose own signatures do not hold: its text was changed on the way here. Copy the file again.',
    )
  }
  return key
}

function decodeKey({ der, type }: KeyBytes): KeyObject {
  const types = type === 'unknown' ? (['pkcs8', 'pkcs1'] as const) : [type]
  let reason: string | undefined
  for (const each of types) {
    try {
      return createPrivateKey({ key: der, format: 'der', type: each })
    } catch (error) {
      reason ??= (error as NodeJS.ErrnoException).code
    }
  }
  if (type === 'unknown') refuseKnownForeigner(der)
  throw new KeyError(
    'FLOW_KEY_BROKEN',
    `Found base64 that holds no RSA or Ed25519 private key (${reason ?? 'undecodable'}): it is cut off, changed, or something else. Copy the file again.`,
    reason,
  )
}

/** A bare body has no label, so a public or EC key in it is recognised by trying. */
function refuseKnownForeigner(der: Buffer): void {
  for (const type of ['spki', 'pkcs1'] as const) {
    if (decodes(() => createPublicKey({ key: der, format: 'der', type }))) throw publicOnly()
  }
  if (decodes(() => createPrivateKey({ key: der, format: 'der', type: 'sec1' })))
    throw wrongType('an elliptic-curve (EC) key')
}

function decodes(attempt: () => unknown): boolean {
  try {
    attempt()
    return true
  } catch {
    return false
  }
}

/** Whether a signature verifies: a key damaged in one number still decodes, and every request would be refused. */
function provesItself(key: KeyObject): boolean {
  const text = Buffer.from('kalshiflow')
  try {
    const publicKey = createPublicKey(key)
    const signature = signBytes(key, text)
    return key.asymmetricKeyType === 'ed25519'
      ? verify(null, text, publicKey, signature)
      : verify(
          'sha256',
          text,
          { key: publicKey, padding: cryptoConstants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_BYTES },
          signature,
        )
  } catch {
    return false
  }
}

function signBytes(key: KeyObject, bytes: Buffer): Buffer {
  if (key.asymmetricKeyType === 'ed25519') return sign(null, bytes, key)
  return sign('sha256', bytes, { key, padding: cryptoConstants.RSA_PKCS1_PSS_PADDING, saltLength: SALT_BYTES })
}

function readKeyFile(path: string): { text: string; warnings: string[] } {
  if (looksLikeKey(path)) {
    throw new KeyError(
      'FLOW_KEY_NOT_A_PATH',
      'Found a key where the name of a file is needed. Put the key in KALSHI_PRIVATE_KEY_CONTENT, or the name of its file in KALSHI_PRIVATE_KEY_PATH.',
    )
  }
  let file: number
  try {
    // Without O_NONBLOCK a named pipe would hold up the start until somebody wrote into it.
    file = openSync(path, fsConstants.O_RDONLY | fsConstants.O_NONBLOCK)
  } catch (error) {
    throw cannotOpen(path, error as NodeJS.ErrnoException)
  }
  try {
    const stat = fstatSync(file)
    if (!stat.isFile()) {
      throw new KeyError(
        'FLOW_KEY_NOT_A_FILE',
        `Found ${stat.isDirectory() ? 'a folder' : 'no regular file'} at ${path}; the PEM file itself is needed. Give its full name.`,
      )
    }
    if (stat.size > KEY_BYTES_MAX) {
      throw new KeyError(
        'FLOW_KEY_TOO_LONG',
        `Found ${stat.size} bytes at ${path}; a private key in PEM has at most ${KEY_BYTES_MAX}. Give the key's own file.`,
      )
    }
    const open = stat.mode & 0o077
    const warnings =
      open === 0 || process.platform === 'win32'
        ? []
        : [
            `The private key ${path} has mode 0${(stat.mode & 0o777).toString(8)}: other users of this machine may reach it. Run \`chmod 600 ${path}\`.`,
          ]
    return { text: readFileSync(file, 'utf8'), warnings }
  } finally {
    closeSync(file)
  }
}

function cannotOpen(path: string, { code }: NodeJS.ErrnoException): KeyError {
  if (code === 'ENOENT' || code === 'ENOTDIR') {
    return new KeyError(
      'FLOW_KEY_MISSING',
      `Found no file at ${path}; the private key's PEM file is needed. Correct KALSHI_PRIVATE_KEY_PATH.`,
      code,
    )
  }
  return new KeyError(
    'FLOW_KEY_UNREADABLE',
    `Could not open ${path} (${code ?? 'unknown error'}); the private key must be readable by this user. Check its owner and mode.`,
    code,
  )
}

const looksLikeKey = (path: string): boolean =>
  /[\r\n\0]|\\n|-----|PRIVATE KEY/.test(path) || /^M[A-Za-z0-9+/=]{60,}$/.test(path) || path.length > 4096
