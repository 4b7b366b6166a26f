/** What the parts of a world share. */
import type { Ledger } from '../engine/index.ts'
import type { Batch } from './batch.ts'
import type { Chance } from './chance.ts'
import type { Crowd } from './crowd.ts'
import type { LiveEvent } from './live-event.ts'
import type { LiveMarket } from './live-market.ts'
import type { Pace } from './pace.ts'
import type { Path } from './path.ts'
import type { Timetable } from './timetable.ts'
import type { WorldOptions } from './world-options.ts'

export type Inner = {
  readonly options: WorldOptions
  readonly chance: Chance
  readonly timetable: Timetable
  readonly batch: Batch
  readonly ledger: Ledger
  readonly crowd: Crowd
  readonly pace: Pace
  readonly events: Map<string, LiveEvent>
  readonly markets: Map<string, LiveMarket>
  /** The processes that indices follow, by index. */
  readonly indexPaths: ReadonlyMap<string, Path>
  /** Open events by the process that drives them. */
  readonly eventsOf: Map<Path, Set<LiveEvent>>
  /** Sum of the weights of the markets that are open. */
  activeWeight: number
}

/** Frames a second that one market makes on average. */
export const framesPerMarket = ({ framesPerSecond, markets }: WorldOptions): number => framesPerSecond / markets
