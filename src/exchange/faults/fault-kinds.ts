/**
 * The switches of `--faults`: what each is called, what may be said of it, and what it does in one line.
 *
 * This table is what the reader of a spec checks against, what `--faults help` prints, and what docs/exchange.md repeats.
 */
export type FaultValueKind = 'none' | 'rate' | 'duration' | 'growth' | 'code' | 'count' | 'offset'
export type FaultTarget = 'connection' | 'channel' | 'market'

export type FaultKind = {
  readonly value: FaultValueKind
  /** `rate_or_moment`: with a rate it goes on, without one it happens at its moment. */
  readonly when: 'moment' | 'window' | 'rate_or_moment' | 'moment_or_window' | 'moment_or_start'
  readonly targets: readonly FaultTarget[]
  readonly example: string
  readonly does: string
}

const FRAME: Pick<FaultKind, 'value' | 'when' | 'targets'> = {
  value: 'rate',
  when: 'rate_or_moment',
  targets: ['connection', 'channel', 'market'],
}

export const FAULT_KINDS = {
  drop: { ...FRAME, example: 'drop=0.1%', does: 'a frame of data never leaves; its number is taken' },
  duplicate: { ...FRAME, example: 'duplicate=1%', does: 'a frame leaves twice' },
  reorder: { ...FRAME, example: 'reorder=1%', does: 'a frame leaves after the one that follows it' },
  malformed: { ...FRAME, example: 'malformed@20s', does: 'half of a frame leaves' },
  'unknown-field': { ...FRAME, example: 'unknown-field=5%', does: 'a frame has a field that nobody knows' },
  'unknown-type': { ...FRAME, example: 'unknown-type@20s', does: 'a frame has a type that nobody knows' },
  late: {
    value: 'growth',
    when: 'window',
    targets: ['connection'],
    example: 'late=+200ms/min',
    does: 'frames leave later, and ever later with /s or /min, counted from the opening of their connection; pings do not',
  },
  stall: {
    value: 'duration',
    when: 'moment',
    targets: ['connection'],
    example: 'stall=5s@30s',
    does: 'nothing leaves for so long, pings neither; then everything that was held back',
  },
  'half-open': {
    value: 'none',
    when: 'moment',
    targets: ['connection'],
    example: 'half-open@60s',
    does: 'nothing leaves and nothing is heard any more, while the socket stays open',
  },
  cut: { value: 'none', when: 'moment', targets: ['connection'], example: 'cut@40s', does: 'the socket is destroyed' },
  error: {
    value: 'code',
    when: 'moment_or_window',
    targets: ['connection', 'channel'],
    example: 'error=25@45s',
    does: '10 and 25 end subscriptions; any other code refuses the next subscribe or update, with T-U each one',
  },
  '429': {
    value: 'count',
    when: 'moment_or_start',
    targets: [],
    example: '429=3@20s',
    does: 'so many handshakes and REST requests are answered 429',
  },
  maintenance: {
    value: 'duration',
    when: 'moment',
    targets: [],
    example: 'maintenance=10s@30s',
    does: 'connections are closed, handshakes and REST answered 503, and /exchange/status says that nothing is active',
  },
  skew: {
    value: 'offset',
    when: 'window',
    targets: [],
    example: 'skew=+3s',
    does: 'the exchange’s wall clock is off: its stamps, its HTTP Date, and what it checks signatures by',
  },
  flip: {
    value: 'none',
    when: 'window',
    targets: [],
    example: 'flip@20s',
    does: 'use_yes_price is taken for its opposite',
  },
  grid: {
    value: 'none',
    when: 'moment',
    targets: ['market'],
    example: 'grid@20s',
    does: 'a market that is open gets a finer price grid, tells so, and has prices on it',
  },
} as const satisfies Readonly<Record<string, FaultKind>>

export type FaultName = keyof typeof FAULT_KINDS

/** In the order of the table; a name of digits would come first in JavaScript's own. */
export const FAULT_NAMES = (Object.keys(FAULT_KINDS) as FaultName[]).sort(
  (a, b) => Number(/^\d+$/.test(a)) - Number(/^\d+$/.test(b)),
)

/** Faults of single frames. */
export const FRAME_FAULT_NAMES = ['drop', 'duplicate', 'reorder', 'malformed', 'unknown-field', 'unknown-type'] as const
export type FrameFaultName = (typeof FRAME_FAULT_NAMES)[number]

export const isFrameFault = (name: FaultName): name is FrameFaultName =>
  (FRAME_FAULT_NAMES as readonly FaultName[]).includes(name)
