/** The beginning of a run: the key, and the recorder with its journal open and what the run before it left written down. */
import { loadKey, type SigningKey } from '#kalshi'
import type { Config } from '../config/config.ts'
import type { Log } from '../log/log.ts'
import { tellMissing } from '../reading/journal-faults.ts'
import { unfinishedRun } from '../reading/last-run.ts'
import { openRecorder, type Recorder } from '../recorder/recorder.ts'
import { isCredential } from '../systemd/credentials.ts'
import type { ServiceOptions } from './service-options.ts'

/** Throws KeyError; `undefined` when none is configured. */
export function loadSigningKey({ exchange }: Config, log: Log): SigningKey | undefined {
  if (exchange.key === undefined) return undefined
  const source = 'path' in exchange.key ? exchange.key : { content: exchange.key.content.reveal() }
  const { key, warnings } = loadKey(source)
  const isKeptSafe = 'path' in source && isCredential(source.path)
  for (const warning of isKeptSafe ? [] : warnings) log.warn({ event: 'key_warning' }, warning)
  return key
}

/** Nothing is connected yet. The folder must be locked. Throws JournalError for a journal of another environment. */
export async function openRecording(options: ServiceOptions, key: SigningKey | undefined, log: Log): Promise<Recorder> {
  const { config, environment, dataFolder } = options
  const before = await unfinishedRun(`${dataFolder}/journal`)
  const { wsUrl, keyId, useYesPrice, pingSilenceMs, auditMs, marketsPerConnection, connectionsMax } = config.exchange
  const { journal } = config
  const messageAge = { climbMsMax: config.exchange.messageAgeMsMax }
  const exchange = { wsUrl, key, keyId, useYesPrice, pingSilenceMs, auditMs, marketsPerConnection, connectionsMax }
  const recorder = await openRecorder({ environment, dataFolder, ...exchange, journal, messageAge, log })
  for (const text of await tellMissing(`${dataFolder}/journal`)) log.error({ event: 'journal_damaged' }, text)
  recorder.begin()
  if (before !== undefined) {
    recorder.declareProcessDown(before.lastNs)
    log.warn({
      event: 'process_was_down',
      session: before.session,
      lastRecord: new Date(Number(before.lastNs / 1_000_000n)).toISOString(),
    })
  }
  return recorder
}
