/**
 * Mail by SMTP: `smtps://` speaks TLS from the first byte; `smtp://` takes TLS when the server offers it, and must get it
 * when a password is to be shown to a server that is not this machine. One connection a message: mails are few.
 */
import { createTransport } from 'nodemailer'
import { plainText } from './message.ts'
import { hostOf, type Send, SendError, withoutAddress } from './target.ts'

/** Codes of nodemailer for what another try does not mend. */
const FOR_GOOD = new Set(['EAUTH', 'ENOAUTH', 'EENVELOPE', 'ECONFIG', 'ETLS'])
const LOOPBACK = /^(localhost|127(\.\d+){3}|\[?::1\]?)$/i

export const sendMail: Send<'mail'> = async ({ url, from, to }, message, signal) => {
  const address = new URL(url.reveal())
  const secure = address.protocol === 'smtps:'
  const user = decodeURIComponent(address.username)
  const pass = decodeURIComponent(address.password)
  const transport = createTransport({
    host: address.hostname.replace(/^\[|\]$/g, ''),
    port: address.port === '' ? (secure ? 465 : 587) : Number(address.port),
    secure,
    requireTLS: !secure && user !== '' && !LOOPBACK.test(address.hostname),
    // A test's or a relay's own certificate on this machine is nobody's to sign.
    ...(LOOPBACK.test(address.hostname) ? { tls: { rejectUnauthorized: false } } : {}),
    ...(user === '' ? {} : { auth: { user, pass } }),
    disableFileAccess: true,
    disableUrlAccess: true,
  })
  try {
    const mail = {
      from,
      to: [...to],
      subject: `[kalshiflow] ${message.title}`,
      text: `${plainText(message)}\n`,
      headers: message.severity === 'critical' ? { 'X-Priority': '1' } : {},
      signal,
    }
    const { rejected } = await transport.sendMail(mail)
    if (rejected.length > 0) {
      throw new SendError('FLOW_ALERT_REFUSED', `${rejected.length} of ${to.length} receivers were refused`, false)
    }
  } catch (error) {
    throw asSendError(error, `${hostOf(url)}: `, (text) =>
      withoutAddress(text, url, { reveal: () => pass || url.reveal() }),
    )
  } finally {
    transport.close()
  }
}

function asSendError(error: unknown, where: string, clean: (text: string) => string): SendError {
  const { code = 'UNKNOWN', message } = error as Error & { code?: string }
  if (error instanceof SendError) return new SendError(error.code, where + clean(message), error.mayPass)
  if (code === 'EABORT' || message === 'no answer in time') {
    return new SendError('FLOW_ALERT_UNREACHABLE', `${where}no answer in time`, true)
  }
  const mayPass = !FOR_GOOD.has(code)
  const ours = mayPass ? 'FLOW_ALERT_UNREACHABLE' : 'FLOW_ALERT_REFUSED'
  const todo = code === 'EAUTH' ? ': check user and password in the settings' : ''
  return new SendError(ours, `${where}${code} ${clean(message)}${todo}`, mayPass)
}
