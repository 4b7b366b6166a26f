/** Sends one message to some targets, all at once, each with its own tries. Never throws: what happened is the answer. */
import { setTimeout as sleep } from 'node:timers/promises'
import { sendMail } from './mail.ts'
import { bounded, type Message } from './message.ts'
import { sendSlack } from './slack.ts'
import { nameOf, SendError, type Target, type TargetKind, withoutAddress } from './target.ts'
import { sendWebhook } from './webhook.ts'

export type SendLimits = {
  /** Tries of one message to one target. */
  readonly triesMax: number
  readonly tryMsMax: number
  /** Wait before the second try; doubled for each further one. */
  readonly firstWaitMs: number
}

export const SEND_LIMITS: SendLimits = { triesMax: 4, tryMsMax: 10_000, firstWaitMs: 2_000 }

export type SendControl = {
  readonly limits?: SendLimits
  /** Once it fires, no further try begins. */
  readonly last?: AbortSignal | undefined
  /** Once it fires, what is being tried is given up. */
  readonly giveUp?: AbortSignal | undefined
}

export type SendResult = {
  readonly kind: TargetKind
  /** For people: the kind and the host. */
  readonly target: string
  readonly tries: number
  readonly tookMs: number
} & ({ readonly sent: true } | { readonly sent: false; readonly code: string; readonly reason: string })

export function sendMessage(
  targets: readonly Target[],
  message: Message,
  { limits = SEND_LIMITS, last, giveUp }: SendControl = {},
): Promise<SendResult[]> {
  const within = bounded(message)
  return Promise.all(targets.map((each) => sendTo(each, within, limits, { last, giveUp })))
}

async function sendTo(
  target: Target,
  message: Message,
  { triesMax, tryMsMax, firstWaitMs }: SendLimits,
  { last, giveUp }: SendControl,
): Promise<SendResult> {
  const startedMs = performance.now()
  const about = { kind: target.kind, target: nameOf(target) }
  const tookMs = () => Math.round(performance.now() - startedMs)
  for (let tries = 1; ; tries++) {
    try {
      await sendOnce(target, message, AbortSignal.any([AbortSignal.timeout(tryMsMax), ...(giveUp ? [giveUp] : [])]))
      return { ...about, tries, tookMs: tookMs(), sent: true }
    } catch (error) {
      const failure = asFailure(error, target)
      const isLast = tries >= triesMax || !failure.mayPass || last?.aborted === true
      if (isLast) return { ...about, tries, tookMs: tookMs(), sent: false, code: failure.code, reason: failure.message }
      await sleep(firstWaitMs * 2 ** (tries - 1), undefined, last === undefined ? {} : { signal: last }).catch(() => {})
    }
  }
}

function sendOnce(target: Target, message: Message, signal: AbortSignal): Promise<void> {
  switch (target.kind) {
    case 'webhook':
      return sendWebhook(target, message, signal)
    case 'slack':
      return sendSlack(target, message, signal)
    case 'mail':
      return sendMail(target, message, signal)
  }
}

const asFailure = (error: unknown, target: Target): SendError =>
  error instanceof SendError
    ? error
    : new SendError('FLOW_ALERT_FAILED', withoutAddress((error as Error).message, target.url), false)
