/**
 * Who is let in: the Host header against DNS rebinding, the Origin of a WebSocket, and the tokens. The same judgement for
 * requests and for WebSocket upgrades. Tokens are compared by their digests in constant time, and kept as nothing else.
 */
import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingHttpHeaders, IncomingMessage } from 'node:http'
import { ApiFault } from './api-fault.ts'

export type AdmissionOptions = {
  readonly host: string
  readonly readToken?: string | undefined
  readonly adminToken?: string | undefined
  readonly corsOrigins: readonly string[]
}

export type Credentials = {
  readonly authorization: string | undefined
  /** From `?token=`: browsers cannot set a header on a WebSocket. */
  readonly query?: string | undefined
}

export type UpgradeRefusal = { readonly status: number; readonly code: string; readonly message: string }

const UPGRADE_URL_MAX = 4096
/** Longer than any token may be. */
const CREDENTIAL_LENGTH_MAX = 1024
const LOOPBACK = /^(localhost|127(\.\d{1,3}){3}|::1|::ffff:127(\.\d{1,3}){3})$/i

export const isLoopbackHost = (host: string): boolean => LOOPBACK.test(host)

export class Admission {
  readonly #isLoopback: boolean
  readonly #host: string
  readonly #read: Buffer | undefined
  readonly #admin: Buffer | undefined
  readonly #origins: ReadonlySet<string>

  constructor({ host, readToken, adminToken, corsOrigins }: AdmissionOptions) {
    this.#isLoopback = isLoopbackHost(host)
    this.#host = host.toLowerCase()
    this.#read = readToken === undefined ? undefined : digestOf(readToken)
    this.#admin = adminToken === undefined ? undefined : digestOf(adminToken)
    this.#origins = new Set(corsOrigins)
  }

  /**
   * A page of any web site can give its own name our address and then read from us with the browser's help; its name
   * stands in the Host header. Beyond loopback a token is needed, which such a page does not have.
   */
  checkHost(host: string | undefined): ApiFault | undefined {
    if (!this.#isLoopback) return undefined
    const name = hostNameOf(host)
    if (name !== undefined && (isLoopbackHost(name) || name === this.#host)) return undefined
    return new ApiFault('FLOW_API_HOST', 'the Host header names another machine: use localhost or 127.0.0.1', {
      field: 'host',
    })
  }

  /** Browsers let any page open a WebSocket anywhere and say whose page it is: ours, and those configured, are taken. */
  checkOrigin({ origin, host }: Pick<IncomingHttpHeaders, 'origin' | 'host'>): ApiFault | undefined {
    if (origin === undefined || this.#origins.has(origin)) return undefined
    if (URL.canParse(origin) && new URL(origin).host === host?.toLowerCase()) return undefined
    return new ApiFault(
      'FLOW_API_FORBIDDEN',
      'pages of this origin are not let in: name it in KALSHIFLOW_CORS_ORIGINS',
      {
        field: 'origin',
      },
    )
  }

  /** Whether a WebSocket may be opened: `undefined`, or what to answer instead. */
  admitUpgrade(request: IncomingMessage): UpgradeRefusal | undefined {
    const { headers, url = '' } = request
    const { authorization } = headers
    const query = url.length > UPGRADE_URL_MAX ? undefined : new URLSearchParams(url.split('?')[1] ?? '').get('token')
    const fault =
      this.checkHost(headers.host) ??
      this.checkOrigin(headers) ??
      this.checkRead({ authorization, query: query ?? undefined })
    return fault && { status: fault.statusCode, code: fault.code, message: fault.message }
  }

  checkRead({ authorization, query }: Credentials): ApiFault | undefined {
    if (this.#read === undefined) return undefined
    const given = bearerOf(authorization) ?? query
    if (given !== undefined && (isSame(given, this.#read) || isSame(given, this.#admin))) return undefined
    return unauthorized('a read token', 'KALSHIFLOW_READ_TOKEN', given !== undefined)
  }

  checkAdmin({ authorization }: Credentials): ApiFault | undefined {
    if (this.#admin === undefined) {
      return new ApiFault(
        'FLOW_API_ADMIN_OFF',
        '/rl/admin is switched off: set KALSHIFLOW_ADMIN_TOKEN where the service runs, and start it again',
      )
    }
    const given = bearerOf(authorization)
    if (given !== undefined && isSame(given, this.#admin)) return undefined
    return unauthorized('the admin token', 'KALSHIFLOW_ADMIN_TOKEN', given !== undefined)
  }
}

function unauthorized(needed: string, setting: string, wasGiven: boolean): ApiFault {
  const found = wasGiven ? 'another token' : 'no token'
  return new ApiFault(
    'FLOW_API_UNAUTHORIZED',
    `found ${found}, needed ${needed}: send \`Authorization: Bearer …\` with the value of ${setting}`,
    { field: 'authorization', headers: { 'www-authenticate': 'Bearer' } },
  )
}

const digestOf = (text: string): Buffer => createHash('sha256').update(text).digest()

const isSame = (given: string, wanted: Buffer | undefined): boolean =>
  wanted !== undefined && given.length <= CREDENTIAL_LENGTH_MAX && timingSafeEqual(digestOf(given), wanted)

function bearerOf(authorization: string | undefined): string | undefined {
  const found = /^Bearer +(\S+) *$/i.exec(authorization?.slice(0, CREDENTIAL_LENGTH_MAX + 16) ?? '')
  return found?.[1]
}

/** The name in a Host header, without port and brackets. */
function hostNameOf(host: string | undefined): string | undefined {
  if (host === undefined || host.length > 260) return undefined
  const found = /^(?:\[([0-9a-f:.]+)\]|([^:[\]@/\s]+))(?::\d{1,5})?$/i.exec(host)
  return (found?.[1] ?? found?.[2])?.toLowerCase()
}
