/**
 * From what people paste to the DER bytes of one private key. Pure: text in, bytes and their kind out.
 *
 * Taken: PEM as Kalshi hands it out, PEM squeezed onto one line, PEM whose line ends were written as the two characters
 * `\n`, the bare base64 body, and base64 of a whole PEM file. Anything else is refused by a {@link KeyError} that names
 * what the text looks like. It does not judge the key itself: src/kalshi/key.ts does.
 */
import { KeyError } from './key-error.ts'

export type KeyBytes = {
  readonly der: Buffer
  /** `unknown` for a bare body, whose kind only the bytes tell. */
  readonly type: 'pkcs1' | 'pkcs8' | 'unknown'
}

const PEM_BLOCK = /-----BEGIN ([A-Z0-9 ]{1,40})-----([\s\S]*?)-----END \1-----/g
/** An Ed25519 key in PKCS#8, the shortest that we take, is 48 bytes. */
const BODY_CHARACTERS_MIN = 64
const BASE64 = /^[A-Za-z0-9+/]+={0,2}$/

export const encrypted = (): KeyError =>
  new KeyError(
    'FLOW_KEY_ENCRYPTED',
    'Found an encrypted private key; a recorder starts without anybody to type a password, so a plain one is needed. ' +
      'Decrypt a copy with `openssl pkey -in KEY -out PLAIN` and give it mode 0600.',
  )

export const publicOnly = (): KeyError =>
  new KeyError(
    'FLOW_KEY_PUBLIC',
    'Found a public key or certificate; requests are signed with the private key. Give the file that Kalshi handed out when the API key was made.',
  )

export const wrongType = (found: string): KeyError =>
  new KeyError(
    'FLOW_KEY_TYPE',
    `Found ${found}; Kalshi takes RSA (2048 bits or more) and Ed25519 keys. Make a new API key at Kalshi and use its PEM file.`,
  )

/** What to do about each PEM label that is not a key that can sign for us. */
const REFUSED: Readonly<Record<string, () => KeyError>> = {
  'ENCRYPTED PRIVATE KEY': encrypted,
  'EC PRIVATE KEY': () => wrongType('an elliptic-curve (EC) key'),
  'DSA PRIVATE KEY': () => wrongType('a DSA key'),
  'OPENSSH PRIVATE KEY': () => wrongType('a key in OpenSSH format'),
  'PUBLIC KEY': publicOnly,
  'RSA PUBLIC KEY': publicOnly,
  CERTIFICATE: publicOnly,
}

/** The key's bytes; throws a {@link KeyError} where the text holds no private key that we can read. */
export function readKeyText(text: string): KeyBytes {
  const tidy = withoutWrapping(text)
  if (tidy === '')
    throw new KeyError(
      'FLOW_KEY_EMPTY',
      'The private key is empty. Give the PEM file that Kalshi handed out when the API key was made.',
    )
  if (tidy.includes('-----BEGIN')) return readPem(tidy)

  const body = tidy.replace(/\s+/g, '')
  if (body.length < BODY_CHARACTERS_MIN || !BASE64.test(body)) throw notPem()
  const bytes = Buffer.from(body, 'base64')
  if (bytes.includes('-----BEGIN')) return readPem(bytes.toString('latin1'))
  return { der: bytes, type: 'unknown' }
}

function readPem(text: string): KeyBytes {
  const blocks = [...text.matchAll(PEM_BLOCK)].map((match) => ({ label: match[1]!, body: match[2]! }))
  const block = blocks.find(({ label }) => label.endsWith('PRIVATE KEY')) ?? blocks[0]
  if (block === undefined) {
    throw new KeyError(
      'FLOW_KEY_BROKEN',
      'Found the beginning of a PEM key without its end: the text is cut off. In .env a key over several lines stands in double quotes.',
    )
  }
  if (/^\s*Proc-Type:.*ENCRYPTED/im.test(block.body)) throw encrypted()
  const refuse = Object.hasOwn(REFUSED, block.label) ? REFUSED[block.label] : undefined
  if (refuse !== undefined) throw refuse()
  if (block.label !== 'PRIVATE KEY' && block.label !== 'RSA PRIVATE KEY') throw notPem()

  const body = block.body.replace(/\s+/g, '')
  if (!BASE64.test(body))
    throw new KeyError(
      'FLOW_KEY_BROKEN',
      'Found a PEM key whose body is not base64: it was changed or cut on the way here. Copy the file again.',
    )
  return { der: Buffer.from(body, 'base64'), type: block.label === 'PRIVATE KEY' ? 'pkcs8' : 'pkcs1' }
}

function withoutWrapping(text: string): string {
  const plain = text
    .replace(/^\uFEFF/, '')
    .replaceAll('\\r', '')
    .replaceAll('\\n', '\n')
    .trim()
  const quoted = /^(["'`])([\s\S]*)\1$/.exec(plain)
  return quoted === null ? plain : quoted[2]!.trim()
}

const notPem = (): KeyError =>
  new KeyError(
    'FLOW_KEY_NOT_PEM',
    'Found text that is neither a PEM private key nor its base64 body. KALSHI_PRIVATE_KEY_CONTENT takes the key itself, KALSHI_PRIVATE_KEY_PATH the name of its file.',
  )
