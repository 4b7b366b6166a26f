/** What a probe writes is to be published: whose order, whose account and which key it was is taken out of every text. */
const OWN = /^(client_order_id|order_id|subaccount|subaccount_number|user_id|member_id|api_key_id|account_id|email)$/

export const REDACTED = '‹redacted›'

/** A frame or body without what tells of its owner; `names` are taken out wherever they stand. */
export function redact(text: string, names: readonly string[]): string {
  let plain = text
  if (/client_order_id|order_id|subaccount|user_id|member_id|api_key_id|account_id|email/.test(text)) {
    try {
      const end = text.endsWith('\n') ? '\n' : ''
      plain = JSON.stringify(JSON.parse(text, (name, value) => (OWN.test(name) ? REDACTED : value))) + end
    } catch {
      plain = REDACTED
    }
  }
  for (const name of names) if (name !== '') plain = plain.replaceAll(name, REDACTED)
  return plain
}

/** A frame for a fixture: own fields are left out, so that it stays what the exchange sends to anybody. */
export function redactFrame(text: string, names: readonly string[]): string {
  if (!/client_order_id|subaccount/.test(text)) return redact(text, names)
  try {
    const end = text.endsWith('\n') ? '\n' : ''
    return redact(JSON.stringify(JSON.parse(text, (name, value) => (OWN.test(name) ? undefined : value))) + end, names)
  } catch {
    return redact(text, names)
  }
}
