/** The line that `systemctl status` shows of a recorder. Figures for machines are in its status and its metrics. */
import { formatPosition } from '#domain'
import type { Recorder } from '../recorder/recorder.ts'
import { marketsOf } from '../recorder/status.ts'

/** `prod: 98/100 books valid, 320 frames/s, 1,204,311 frames, 0 breaks, durable to 3:18230144` */
export function describeRecorder(recorder: Recorder, environment: string): string {
  const { valid, asked } = marketsOf(recorder)
  const { frames, breaks } = recorder.fold.counts
  return [
    `${environment}: ${valid}/${asked} books valid`,
    `${recorder.rates.framesPerSecond.toLocaleString('en-US')} frames/s`,
    `${frames.toLocaleString('en-US')} frames`,
    `${breaks} breaks`,
    `durable to ${formatPosition(recorder.journal.durable)}`,
  ].join(', ')
}
