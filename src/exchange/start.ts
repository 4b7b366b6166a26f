/** Starts an exchange: reads what it is told, makes what it shows, listens, and only then writes the key. */
import { ExchangeError } from './error.ts'
import type { ExchangeOptions } from './options.ts'
import { readCapture } from './playback/capture.ts'
import { CaptureVenue } from './playback/capture-venue.ts'
import { Floor } from './playback/floor.ts'
import { Playback } from './playback/playback.ts'
import { type CaptureSettings, readOptions, type Settings } from './settings.ts'
import { WorldVenue } from './trading/world-venue.ts'
import type { Venue } from './venue.ts'
import { Exchange, type RunningExchange } from './wire/exchange.ts'
import { allOff, type FaultSwitches } from './wire/faults-by-hand.ts'
import { generateKeyPem, readKeyFile, writeKeyFile } from './wire/handshake.ts'

/** Throws {@link ExchangeError} before anything is served. */
export async function startExchange(options: ExchangeOptions): Promise<RunningExchange> {
  const settings = readOptions(options)
  const switches = allOff()
  // An exchange whose clock is off from the start stamps everything by it.
  for (const { name, when, value } of settings.faults)
    if (name === 'skew' && !when.isGiven) switches.skewMs += value?.amount ?? 0
  const venue = await openVenue(settings, switches)
  const found = settings.keyOut === undefined ? undefined : await readKeyFile(settings.keyOut)
  const keyPem = settings.keyPem ?? found ?? (await generateKeyPem(settings.keyType))
  const exchange = new Exchange(settings, venue, keyPem, switches)
  await exchange.listen()
  // Only now: a start that fails must not leave another key behind than the exchange that runs takes.
  if (settings.keyOut !== undefined && found === undefined) await keepKey(exchange, settings.keyOut)
  return exchange
}

async function openVenue(settings: Settings, switches: FaultSwitches): Promise<Venue> {
  const isOrientationFlipped = () => switches.isFlipped
  const nowMs = () => Date.now() + settings.clockOffsetMs + switches.skewMs
  const { show } = settings
  if (show.kind === 'capture') return openCapture(settings, show, isOrientationFlipped, nowMs)
  return new WorldVenue({ ...show, seed: settings.seed, nowMs: nowMs(), isOrientationFlipped })
}

async function openCapture(
  settings: Settings,
  { file, pace, untilSeq }: CaptureSettings,
  isOrientationFlipped: () => boolean,
  nowMs: () => number,
): Promise<Venue> {
  const { keepTimes, captureBytesMax, copies, loop, startAtOnce, highWaterBytes, slowSocketMs } = settings
  const tape = await readCapture(file, { untilSeq, keepTimes, bytesMax: captureBytesMax })
  const floor = new Floor(tape, copies)
  const playback = new Playback(tape, floor, { pace, loop, keepTimes, nowMs, isOrientationFlipped })
  return new CaptureVenue(floor, playback, { startAtOnce, isMax: pace.kind === 'max', highWaterBytes, slowSocketMs })
}

async function keepKey(exchange: RunningExchange, path: string): Promise<void> {
  try {
    await writeKeyFile(path, exchange.keyPem)
  } catch (cause) {
    await exchange.close()
    const { code } = cause as NodeJS.ErrnoException
    throw new ExchangeError(
      'FLOW_EXCHANGE_OPTIONS',
      `the key cannot be written to ${path} (${code}): name a file in a folder that is there and may be written`,
      [],
      cause,
    )
  }
}
