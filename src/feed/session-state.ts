/**
 * The life of one exchange connection, as data.
 *
 *   idle ─start─► connecting ─opened─► subscribing ─acknowledged─► proving ─proven─► live
 *                     ▲                                               ▲               │
 *                     │ waited                                        └────doubted────┘
 *                  waiting ◄──lost── (any state with a socket or on the way to one)
 *                  stalled ◄──full── (the same)        ─room─► waiting
 *                  paused  ◄──pause─ (any state but closed)     ─resume─► waiting
 *                  closed  ◄──stop── (any state)
 *
 * `proving` waits for the snapshots of books that are not proven, be they fresh or in doubt again. `stalled` waits for
 * room in our own journal, `paused` for an operator's word. The table is total on purpose: a new state or event does not compile until every pair has an
 * answer.
 */
export const STATES = [
  'idle',
  'connecting',
  'subscribing',
  'proving',
  'live',
  'waiting',
  'stalled',
  'paused',
  'closed',
] as const
export const EVENTS = [
  'start',
  'opened',
  'acknowledged',
  'proven',
  'doubted',
  'changed',
  'lost',
  'waited',
  'full',
  'room',
  'pause',
  'resume',
  'stop',
] as const

export type SessionState = (typeof STATES)[number]
export type SessionEvent = (typeof EVENTS)[number]

// biome-ignore format: the columns are the meaning.
export const TRANSITIONS: Record<SessionState, Record<SessionEvent, SessionState>> = {
  idle:        { start: 'connecting',  opened: 'idle',        acknowledged: 'idle',        proven: 'idle',        doubted: 'idle',        changed: 'idle',        lost: 'idle',    waited: 'idle',        full: 'idle',    room: 'idle',        pause: 'paused', resume: 'idle',        stop: 'closed' },
  connecting:  { start: 'connecting',  opened: 'subscribing', acknowledged: 'connecting',  proven: 'connecting',  doubted: 'connecting',  changed: 'connecting',  lost: 'waiting', waited: 'connecting',  full: 'stalled', room: 'connecting',  pause: 'paused', resume: 'connecting',  stop: 'closed' },
  subscribing: { start: 'subscribing', opened: 'subscribing', acknowledged: 'proving',     proven: 'subscribing', doubted: 'subscribing', changed: 'subscribing', lost: 'waiting', waited: 'subscribing', full: 'stalled', room: 'subscribing', pause: 'paused', resume: 'subscribing', stop: 'closed' },
  proving:     { start: 'proving',     opened: 'proving',     acknowledged: 'proving',     proven: 'live',        doubted: 'proving',     changed: 'subscribing', lost: 'waiting', waited: 'proving',     full: 'stalled', room: 'proving',     pause: 'paused', resume: 'proving',     stop: 'closed' },
  live:        { start: 'live',        opened: 'live',        acknowledged: 'live',        proven: 'live',        doubted: 'proving',     changed: 'subscribing', lost: 'waiting', waited: 'live',        full: 'stalled', room: 'live',        pause: 'paused', resume: 'live',        stop: 'closed' },
  waiting:     { start: 'waiting',     opened: 'waiting',     acknowledged: 'waiting',     proven: 'waiting',     doubted: 'waiting',     changed: 'waiting',     lost: 'waiting', waited: 'connecting',  full: 'stalled', room: 'waiting',     pause: 'paused', resume: 'waiting',     stop: 'closed' },
  stalled:     { start: 'stalled',     opened: 'stalled',     acknowledged: 'stalled',     proven: 'stalled',     doubted: 'stalled',     changed: 'stalled',     lost: 'stalled', waited: 'stalled',     full: 'stalled', room: 'waiting',     pause: 'paused', resume: 'stalled',     stop: 'closed' },
  paused:      { start: 'paused',      opened: 'paused',      acknowledged: 'paused',      proven: 'paused',      doubted: 'paused',      changed: 'paused',      lost: 'paused',  waited: 'paused',      full: 'paused',  room: 'paused',      pause: 'paused', resume: 'waiting',     stop: 'closed' },
  closed:      { start: 'closed',      opened: 'closed',      acknowledged: 'closed',      proven: 'closed',      doubted: 'closed',      changed: 'closed',      lost: 'closed',  waited: 'closed',      full: 'closed',  room: 'closed',      pause: 'closed', resume: 'closed',      stop: 'closed' },
}

/** Whether a socket is open, or being opened, in this state. */
export const hasSocket = (state: SessionState): boolean =>
  state === 'connecting' || state === 'subscribing' || state === 'proving' || state === 'live'

/** Whether commands may be sent in this state. */
export const isOpen = (state: SessionState): boolean => hasSocket(state) && state !== 'connecting'
