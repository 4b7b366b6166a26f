/**
 * The plain webhook: one JSON object a message, in the shape of docs/alerts.md. With a secret its body is signed, so that the
 * receiver can tell who sent it and when: HMAC-SHA256 over `timestamp.body`, in hex.
 */
import { createHmac } from 'node:crypto'
import { post } from './post.ts'
import type { Send } from './target.ts'

/** The shape's number: fields are added, never changed. */
const SHAPE = 1

export const sendWebhook: Send<'webhook'> = async ({ url, secret }, { title, text, severity, fields }, signal) => {
  const time = new Date()
  const body = JSON.stringify({ version: SHAPE, time: time.toISOString(), title, text, severity, fields })
  await post(url, body, secret === undefined ? {} : signed(secret.reveal(), body, time), signal)
}

function signed(secret: string, body: string, time: Date): Record<string, string> {
  const timestamp = String(Math.floor(time.getTime() / 1000))
  const signature = createHmac('sha256', secret).update(`${timestamp}.${body}`).digest('hex')
  return { 'x-kalshiflow-timestamp': timestamp, 'x-kalshiflow-signature': `sha256=${signature}` }
}
