/**
 * How bad a seed's world is. Each fault is absent in four worlds of ten, so that some are calm and some hopeless, and
 * each is seen alone and with others.
 */
import type { SeededRandom } from '#journal'

export type Weather = {
  /** Of each frame on its way to us. */
  drop: number
  repeat: number
  /** Held back alone, and overtaken by those after it. */
  delay: number
  corrupt: number
  /** Of each frame that the exchange sends: one of a type that nobody knows follows it. */
  unknown: number
  /** Per second and connection. */
  stallPerSecond: number
  disconnectPerSecond: number
  /** Errors 10 and 25, which end a subscription. */
  terminalPerSecond: number
  /** The exchange's own books change and it tells nobody. */
  holePerSecond: number
  /** A market's book is emptied and the empty snapshot comes unasked. */
  closePerSecond: number
  /** Of each command: answered with error 18 or 27 instead of being done, or never answered. */
  refuseCommand: number
  ignoreCommand: number
  /** Of each handshake: HTTP 429, no connection at all, never answered. */
  tooMany: number
  unreachable: number
  hang: number
  /** Of each write, sync or new file. */
  diskFails: number
  diskSlowMs: number
  diskFullPerSecond: number
  wallStepPerSecond: number
  /** The operator adds, removes or resyncs markets. */
  operatorPerSecond: number
  /** Per second and connection: from here on nothing comes through, either way, and nobody says so. */
  halfOpenPerSecond: number
  /** Of each frame: it has a field that nobody knows. */
  newField: number
}

export const CALM: Readonly<Weather> = {
  drop: 0,
  repeat: 0,
  delay: 0,
  corrupt: 0,
  unknown: 0,
  stallPerSecond: 0,
  disconnectPerSecond: 0,
  terminalPerSecond: 0,
  holePerSecond: 0,
  closePerSecond: 0,
  refuseCommand: 0,
  ignoreCommand: 0,
  tooMany: 0,
  unreachable: 0,
  hang: 0,
  diskFails: 0,
  diskSlowMs: 1,
  diskFullPerSecond: 0,
  wallStepPerSecond: 0,
  operatorPerSecond: 0,
  halfOpenPerSecond: 0,
  newField: 0,
}

/** `side`: a chance of its own for what came later, so that the rest of a seed's world stays what it was. */
export function drawWeather(random: SeededRandom, side: SeededRandom): Weather {
  const some = (most: number) => (random.unit() < 0.4 ? 0 : random.unit() ** 2 * most)
  return {
    drop: some(0.05),
    repeat: some(0.05),
    delay: some(0.03),
    corrupt: some(0.02),
    unknown: some(0.02),
    stallPerSecond: some(0.1),
    disconnectPerSecond: some(0.1),
    terminalPerSecond: some(0.05),
    holePerSecond: some(0.3),
    closePerSecond: some(0.05),
    refuseCommand: some(0.3),
    ignoreCommand: some(0.15),
    tooMany: some(0.3),
    unreachable: some(0.3),
    hang: some(0.15),
    diskFails: some(0.2),
    diskSlowMs: 1 + some(200),
    diskFullPerSecond: some(0.15),
    wallStepPerSecond: some(0.05),
    operatorPerSecond: some(0.3),
    halfOpenPerSecond: side.unit() < 0.6 ? 0 : side.unit() ** 2 * 0.05,
    newField: side.unit() < 0.6 ? 0 : side.unit() ** 2,
  }
}
