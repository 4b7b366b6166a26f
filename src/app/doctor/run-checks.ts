/** Runs checks side by side, each within its time; one that fails or hangs is a finding of its own, never the end. */
import { setTimeout as sleep } from 'node:timers/promises'
import { bad, type Check, type Finding } from './check.ts'
import type { Surroundings } from './surroundings.ts'

export type Checked = Finding & { readonly name: string; readonly ms: number }

/** In the order of the checks. */
export function runChecks(checks: readonly Check[], surroundings: Surroundings): Promise<Checked[]> {
  return Promise.all(checks.map((check) => runOne(check, surroundings)))
}

async function runOne(check: Check, surroundings: Surroundings): Promise<Checked> {
  const startedMs = performance.now()
  const ending = new AbortController()
  const overdue = sleep(check.limitMs, undefined, { signal: ending.signal }).then(() => {
    ending.abort()
    return bad({
      found: `no answer within ${check.limitMs / 1000} s`,
      needed: 'an answer',
      remedy: 'Look at what this check asks: a disk, a server or a name server that hangs.',
    })
  })
  overdue.catch(() => {})
  const finding = await Promise.race([look(check, surroundings, ending.signal), overdue])
  ending.abort()
  return { name: check.name, ms: Math.round(performance.now() - startedMs), ...finding }
}

async function look(check: Check, surroundings: Surroundings, signal: AbortSignal): Promise<Finding> {
  try {
    return await check.look(surroundings, signal)
  } catch (error) {
    const { code, message } = error as Error & { code?: string }
    return bad({
      found: `the check itself failed: ${message}${code === undefined ? '' : ` (${code})`}`,
      needed: 'a check that ends',
      remedy: 'Mend what the message names; if it names nothing of yours, please report it.',
    })
  }
}
