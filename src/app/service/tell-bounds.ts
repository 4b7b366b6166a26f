/** What is printed when recording begins, and five minutes later: bounds of memory, and how long the disk will do. */
import type { Log } from '../log/log.ts'
import { bytes } from '../panel/panel-text.ts'
import type { Bound } from './bounds.ts'
import { daysLeft, type Outlook } from './outlook.ts'

export function tellBounds(log: Log, bounds: readonly Bound[]): void {
  const total = bounds.reduce((sum, each) => sum + each.bytes, 0)
  log.info(
    { event: 'bounds', totalBytes: total, ...Object.fromEntries(bounds.map((each) => [each.what, each.bytes])) },
    `queues hold at most ${bytes(total)} when everything is slow at once`,
  )
}

export function tellOutlook(log: Log, outlook: Outlook, freeBytes: number | undefined, note: string): void {
  const days = freeBytes === undefined ? undefined : daysLeft(freeBytes, outlook)
  const { basis, framesPerSecond, bytesPerDay } = outlook
  log.info(
    {
      event: 'disk_outlook',
      basis,
      framesPerSecond: Math.round(framesPerSecond * 10) / 10,
      bytesPerDay: Math.round(bytesPerDay),
      ...(freeBytes === undefined ? {} : { freeBytes }),
      ...(days === undefined ? {} : { daysLeft: Math.round(days * 10) / 10 }),
    },
    `${basis} ${bytes(bytesPerDay)} a day${note}${days === undefined ? '' : `; the disk has room for ${days < 10 ? days.toFixed(1) : Math.round(days).toLocaleString('en-US')} days`}`,
  )
}
