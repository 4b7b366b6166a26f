import { spawnSync } from 'node:child_process'
import { constants, generateKeyPairSync, type KeyObject, verify } from 'node:crypto'
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { afterAll, describe, expect, it } from 'vitest'
import { loadKey } from './key.ts'
import { KeyError, type KeyErrorCode } from './key-error.ts'

const folder = mkdtempSync(join(tmpdir(), 'kalshiflow-key-'))
afterAll(() => rmSync(folder, { recursive: true, force: true }))

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
const ed25519 = generateKeyPairSync('ed25519')
const pkcs8 = pem(rsa.privateKey, 'pkcs8')
const pkcs1 = pem(rsa.privateKey, 'pkcs1')
const edPem = pem(ed25519.privateKey, 'pkcs8')

describe('a private key', () => {
  it('of RSA signs with PSS, SHA-256 and a salt of exactly 32 bytes', () => {
    const { key } = loadKey({ content: pkcs8 })
    expect(key.algorithm).toBe('rsa-pss-sha256')
    const signature = Buffer.from(key.sign('text'), 'base64')
    const holds = (saltLength: number) =>
      verify(
        'sha256',
        Buffer.from('text'),
        { key: rsa.publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength },
        signature,
      )
    expect([20, 31, 32, 33, 222].map(holds)).toEqual([false, false, true, false, false])
  })

  it('of Ed25519 signs the bare bytes', () => {
    const { key } = loadKey({ content: edPem })
    expect(key.algorithm).toBe('ed25519')
    expect(verify(null, Buffer.from('text'), ed25519.publicKey, Buffer.from(key.sign('text'), 'base64'))).toBe(true)
  })

  const body = (text: string) => text.replace(/-----[^-]+-----/g, '').replace(/\s/g, '')
  it.each([
    ['PKCS#8', pkcs8],
    ['PKCS#1', pkcs1],
    ['a byte order mark and Windows line ends', `\uFEFF${pkcs8.replaceAll('\n', '\r\n')}`],
    ['line ends written as backslash n', pkcs1.replaceAll('\n', '\\n')],
    ['everything on one line', pkcs8.replaceAll('\n', ' ')],
    ['quotes left around it', `"${pkcs8.trim()}"`],
    ['the bare PKCS#8 body', body(pkcs8)],
    ['the bare PKCS#1 body', body(pkcs1)],
    ['base64 of the whole file', Buffer.from(pkcs8).toString('base64')],
    ['a certificate before it', `-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n${pkcs8}`],
  ])('is read from %s', (_, content) => {
    const signature = Buffer.from(loadKey({ content }).key.sign('text'), 'base64')
    const options = { key: rsa.publicKey, padding: constants.RSA_PKCS1_PSS_PADDING, saltLength: 32 }
    expect(verify('sha256', Buffer.from('text'), options, signature)).toBe(true)
  })

  it('is read from a file, with a warning when others may read it', () => {
    const path = join(folder, 'key.pem')
    writeFileSync(path, edPem, { mode: 0o600 })
    expect(loadKey({ path }).warnings).toEqual([])
    chmodSync(path, 0o640)
    expect(loadKey({ path }).warnings).toEqual([expect.stringMatching(/mode 0640.*chmod 600/)])
  })

  it('prints as a secret, whatever prints it', () => {
    const { key } = loadKey({ content: edPem })
    expect(
      [
        `${key}`,
        JSON.stringify({ key }),
        inspect(key),
        inspect({ deep: [key] }, { showHidden: true }),
        String(key),
      ].join(),
    ).toBe('‹secret›,{"key":"‹secret›"},‹secret›,{ deep: [ ‹secret›, [length]: 1 ] },‹secret›')
  })
})

describe('a key that cannot sign for us', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' })
  const encrypted = { cipher: 'aes-256-cbc', passphrase: 'x' } as const
  const cases: [string, string, KeyErrorCode][] = [
    ['nothing', '  \n', 'FLOW_KEY_EMPTY'],
    ['prose', 'my secret words', 'FLOW_KEY_NOT_PEM'],
    ['the name of a file', '/home/me/kalshi.pem', 'FLOW_KEY_NOT_PEM'],
    [
      'an encrypted PKCS#8 key',
      rsa.privateKey.export({ type: 'pkcs8', format: 'pem', ...encrypted }).toString(),
      'FLOW_KEY_ENCRYPTED',
    ],
    [
      'an encrypted PKCS#1 key',
      rsa.privateKey.export({ type: 'pkcs1', format: 'pem', ...encrypted }).toString(),
      'FLOW_KEY_ENCRYPTED',
    ],
    ['a public key', rsa.publicKey.export({ type: 'spki', format: 'pem' }).toString(), 'FLOW_KEY_PUBLIC'],
    ['a PKCS#1 public key', rsa.publicKey.export({ type: 'pkcs1', format: 'pem' }).toString(), 'FLOW_KEY_PUBLIC'],
    ['a bare public body', rsa.publicKey.export({ type: 'spki', format: 'der' }).toString('base64'), 'FLOW_KEY_PUBLIC'],
    ['an EC key in SEC1', ec.privateKey.export({ type: 'sec1', format: 'pem' }).toString(), 'FLOW_KEY_TYPE'],
    ['an EC key in PKCS#8', pem(ec.privateKey, 'pkcs8'), 'FLOW_KEY_TYPE'],
    ['a bare EC body', ec.privateKey.export({ type: 'sec1', format: 'der' }).toString('base64'), 'FLOW_KEY_TYPE'],
    ['an X25519 key', pem(generateKeyPairSync('x25519').privateKey, 'pkcs8'), 'FLOW_KEY_TYPE'],
    [
      'an RSA-PSS key',
      pem(generateKeyPairSync('rsa-pss', { modulusLength: 2048 }).privateKey, 'pkcs8'),
      'FLOW_KEY_TYPE',
    ],
    ['an OpenSSH key', '-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n-----END OPENSSH PRIVATE KEY-----', 'FLOW_KEY_TYPE'],
    [
      'an RSA key of 1024 bits',
      pem(generateKeyPairSync('rsa', { modulusLength: 1024 }).privateKey, 'pkcs8'),
      'FLOW_KEY_SHORT',
    ],
    ['a key without its end', pkcs8.slice(0, 400), 'FLOW_KEY_BROKEN'],
    ['a key cut in its body', pkcs8.replace(/\n[^\n]+\n[^\n]+\n-----END/, '\n-----END'), 'FLOW_KEY_BROKEN'],
    ['a lower-case label', '-----BEGIN constructor-----\nAAAA\n-----END constructor-----', 'FLOW_KEY_BROKEN'],
    ['a message of another tool', '-----BEGIN PGP MESSAGE-----\nAAAA\n-----END PGP MESSAGE-----', 'FLOW_KEY_NOT_PEM'],
  ]
  it.each(cases)('is refused by its code: %s', (_, content, code) => {
    expect(errorOf(() => loadKey({ content })).code).toBe(code)
  })

  it('is refused when one of its numbers was damaged, which decodes all the same', () => {
    const jwk = rsa.privateKey.export({ format: 'jwk' })
    const der = rsa.privateKey.export({ type: 'pkcs1', format: 'der' })
    const modulus = Buffer.from(jwk.n!, 'base64url')
    der[der.indexOf(modulus) + 20]! ^= 1
    expect(errorOf(() => loadKey({ content: der.toString('base64') })).code).toBe('FLOW_KEY_BROKEN')
  })

  it('is refused as a file that is missing, a folder, a pipe, unreadable or far too long', () => {
    const long = join(folder, 'long')
    writeFileSync(long, Buffer.alloc(70_000), { mode: 0o600 })
    const sub = join(folder, 'folder')
    mkdirSync(sub)
    const pipe = join(folder, 'pipe')
    const codes = [join(folder, 'none'), join(long, 'below'), sub, long].map(
      (path) => errorOf(() => loadKey({ path })).code,
    )
    expect(codes).toEqual(['FLOW_KEY_MISSING', 'FLOW_KEY_MISSING', 'FLOW_KEY_NOT_A_FILE', 'FLOW_KEY_TOO_LONG'])
    if (spawnSync('mkfifo', [pipe]).status === 0)
      expect(errorOf(() => loadKey({ path: pipe })).code).toBe('FLOW_KEY_NOT_A_FILE')
  })

  it('is refused as a path that is the key itself, without saying it', () => {
    for (const path of [pkcs8, edPem.replaceAll('\n', '\\n'), pkcs8.replace(/-----[^-]+-----|\s/g, '')]) {
      const error = errorOf(() => loadKey({ path }))
      expect(error.code).toBe('FLOW_KEY_NOT_A_PATH')
      expect(error.message).not.toContain(path.slice(30, 60))
    }
  })

  it('never shows a part of itself in the error, wherever it was cut or changed', () => {
    fc.assert(
      fc.property(fc.nat(pkcs8.length), fc.nat(40), fc.string(), (at, count, put) => {
        const content = pkcs8.slice(0, at) + put + pkcs8.slice(at + count)
        let shown = ''
        try {
          loadKey({ content })
        } catch (error) {
          expect(error).toBeInstanceOf(KeyError)
          shown = inspect(error, { depth: 9, showHidden: true })
        }
        const lines = pkcs8.split('\n').filter((line) => line.length >= 16 && !line.startsWith('-'))
        for (const line of lines) expect(shown).not.toContain(line.slice(0, 16))
      }),
      { numRuns: 150 },
    )
  })
})

function pem(key: KeyObject, type: 'pkcs1' | 'pkcs8'): string {
  return key.export({ type, format: 'pem' } as { type: 'pkcs8'; format: 'pem' }).toString()
}

function errorOf(action: () => unknown): KeyError {
  try {
    action()
  } catch (error) {
    if (error instanceof KeyError) return error
    throw error
  }
  throw new Error('nothing was refused')
}
