/**
 * Where messages go. An address is a secret: whoever has a webhook's can post to it, and a mail server's holds a password.
 * It is asked for when it is used and never shown; people see `name`, a kind with the host at most.
 */
import type { Message } from './message.ts'

/** A value that is shown to nobody; the configuration's secrets are such. */
export type Hidden = { reveal(): string }

export const TARGET_KINDS = ['webhook', 'slack', 'mail'] as const
export type TargetKind = (typeof TARGET_KINDS)[number]

export type Target =
  /** A POST of JSON, described in docs/alerts.md; signed where there is a secret. */
  | { readonly kind: 'webhook'; readonly url: Hidden; readonly secret?: Hidden | undefined }
  /** A POST that Slack, Mattermost and Discord's /slack addresses take. */
  | { readonly kind: 'slack'; readonly url: Hidden }
  /** `smtp://user:password@host:port`, `smtps://` for TLS from the first byte. */
  | { readonly kind: 'mail'; readonly url: Hidden; readonly from: string; readonly to: readonly string[] }

/** Sends once, until the signal fires; throws a {@link SendError}. */
export type Send<Kind extends TargetKind> = (
  target: Extract<Target, { kind: Kind }>,
  message: Message,
  signal: AbortSignal,
) => Promise<void>

/** Why a message did not arrive. Holds nothing of the address but its host. */
export class SendError extends Error {
  override readonly name = 'SendError'
  readonly code: string
  /** Worth another try: the network, or a server that says so. */
  readonly mayPass: boolean

  constructor(code: string, message: string, mayPass: boolean) {
    super(message)
    this.code = code
    this.mayPass = mayPass
  }
}

/** `slack (hooks.slack.com)`: enough to tell two targets apart, nothing that lets anybody post. */
export const nameOf = ({ kind, url }: Target): string => `${kind} (${hostOf(url)})`

export function hostOf(url: Hidden): string {
  try {
    return new URL(url.reveal()).hostname
  } catch {
    return 'an address that cannot be read'
  }
}

/** A text of somebody else's without the address or any part of it that could be used. */
export function withoutAddress(text: string, ...hidden: readonly (Hidden | undefined)[]): string {
  let clean = text
  for (const each of hidden) {
    const secret = each?.reveal()
    if (secret === undefined) continue
    for (const part of secretParts(secret)) clean = clean.replaceAll(part, '‹secret›')
  }
  return clean.slice(0, 300)
}

function secretParts(secret: string): string[] {
  const parts = [secret]
  if (URL.canParse(secret)) {
    const { href, pathname, search, password, username } = new URL(secret)
    parts.push(href, password, decoded(password), username.includes('%') ? decoded(username) : '')
    if (/^https?:/.test(secret)) parts.push(`${pathname}${search}`, pathname, search)
  }
  return parts.filter((each) => each.length > 3).sort((one, other) => other.length - one.length)
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}
