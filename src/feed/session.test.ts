import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { ASK_EVERY_MS, ANSWER_MS_MAX as AUDIT_ANSWER_MS_MAX } from './audit-round.ts'
import { BACKOFF_MS_MAX, Backoff, RETRY_AFTER_MS_MAX, TOO_MANY_MS } from './backoff.ts'
import { ANSWER_MS_MAX, CommandQueue, IN_FLIGHT_MAX, PER_SECOND_MAX, TRIES_MAX } from './command-queue.ts'
import { errorAction, isTerminal } from './error-codes.ts'
import { CHUNK_MAX, CHUNK_MS_MAX, CHUNK_PAUSE_MS, Resync } from './resync.ts'
import { CONNECT_MS_MAX, type Effect, Session, type SessionOptions, SNAPSHOT_MS_MAX } from './session.ts'
import { EVENTS, hasSocket, STATES, TRANSITIONS } from './session-state.ts'

const sends = (effects: Effect[]) =>
  effects.flatMap((each) => (each.kind === 'send' ? [JSON.parse(each.text) as Sent] : []))
type Sent = {
  id: number
  cmd: string
  params: { channels?: string[]; sids?: number[]; action?: string; market_tickers?: string[] }
}
const kinds = (effects: Effect[]) => effects.map(({ kind }) => kind)

function aSession(options: Partial<SessionOptions> = {}) {
  const session = new Session({
    markets: ['A', 'B'],
    useYesPrice: true,
    channels: ['orderbook_delta', 'trade', 'ticker'],
    random: () => 0.5,
    pingSilenceMs: 25_000,
    ...options,
  })
  session.start(0)
  session.takeEffects()
  return session
}

/** Opened, with every subscription answered: sids 1, 2, 3. */
function subscribed(options: Partial<SessionOptions> = {}) {
  const session = aSession(options)
  session.opened(0)
  const commands = sends(session.takeEffects())
  commands.forEach(({ id, params }, index) => {
    session.control({ type: 'subscribed', id, channel: params.channels![0]!, sid: index + 1 }, 0)
  })
  return session
}

function live(options: Partial<SessionOptions> = {}) {
  const session = subscribed(options)
  for (const { id } of sends(session.takeEffects()))
    session.control({ type: 'ok', id, sid: 1, seq: 1, markets: undefined }, 0)
  for (const market of session.markets) session.answered(market, 0)
  session.takeEffects()
  return session
}

describe('the table of states', () => {
  test('answers every state and event', () => {
    for (const state of STATES) for (const event of EVENTS) expect(STATES).toContain(TRANSITIONS[state][event])
  })

  test('reaches live from proving alone, and never leaves closed', () => {
    for (const state of STATES) {
      for (const event of EVENTS) {
        if (TRANSITIONS[state][event] === 'live' && state !== 'live') expect(state).toBe('proving')
        if (state === 'closed') expect(TRANSITIONS[state][event]).toBe('closed')
        if (hasSocket(state) && event === 'lost') expect(TRANSITIONS[state][event]).toBe('waiting')
        if (event === 'stop') expect(TRANSITIONS[state][event]).toBe('closed')
      }
    }
  })
})

describe('a session', () => {
  test('whose messages grew old is made anew, once, and only while it is open', () => {
    const session = live()
    session.replace('messages are 9000 ms old', 10)
    expect(session.takeEffects()).toMatchObject([
      { kind: 'state', from: 'live', to: 'waiting' },
      { kind: 'close', cause: 'message_age', detail: 'messages are 9000 ms old' },
    ])
    session.replace('again', 11)
    expect(session.takeEffects()).toEqual([])
    session.tick(1_000)
    expect(session.state).toBe('connecting')
  })

  test('sends one subscribe for each channel, all with the same markets, and says use_yes_price', () => {
    const session = aSession()
    session.opened(0)
    const commands = sends(session.takeEffects())
    expect(commands.map(({ params }) => params)).toEqual([
      { channels: ['orderbook_delta'], market_tickers: ['A', 'B'], skip_ticker_ack: true, use_yes_price: true },
      { channels: ['trade'], market_tickers: ['A', 'B'], skip_ticker_ack: true },
      { channels: ['ticker'], market_tickers: ['A', 'B'], skip_ticker_ack: true, send_initial_snapshot: true },
    ])
    expect(commands.map(({ id }) => id)).toEqual([1, 2, 3])
  })

  test('adds the rest in chunks once all sids are known, and is live when all is acknowledged and proven', () => {
    const session = subscribed({ markets: ['A', 'B', 'C', 'D', 'E'], chunkSize: 2 })
    expect(session.state).toBe('subscribing')
    const answered: Sent[] = []
    for (let round = 0; round < 5; round++) {
      const commands = sends(session.takeEffects())
      answered.push(...commands)
      for (const { id } of [...commands].reverse())
        session.control({ type: 'ok', id, sid: 1, seq: 1, markets: undefined }, 0)
    }
    expect(answered.map(({ params }) => [params.action, params.sids, params.market_tickers])).toEqual(
      [['C', 'D'], ['E']].flatMap((markets) => [1, 2, 3].map((sid) => ['add_markets', [sid], markets])),
    )
    expect(session.state).toBe('proving')
    for (const market of ['A', 'B', 'C', 'D']) session.answered(market, 0)
    expect(session.state).toBe('proving')
    session.answered('E', 0)
    expect(session.state).toBe('live')
  })

  test('does not delete a market late that was asked for again meanwhile', () => {
    const session = live()
    session.change({ remove: ['A'] }, 1000)
    const [first, ...others] = sends(session.takeEffects())
    expect(first?.params).toMatchObject({ action: 'delete_markets', market_tickers: ['A'], sids: [1] })
    const hasty = { type: 'error', sid: undefined, seq: undefined, code: 27, message: '', markets: [] } as const
    session.control({ ...hasty, id: first!.id }, 1010)
    session.change({ add: ['A'] }, 1020)
    others.push(...sends(session.takeEffects()))
    for (const { id } of others) session.control({ type: 'ok', id, sid: 1, seq: 1, markets: undefined }, 1030)
    session.tick(3000)
    others.push(...sends(session.takeEffects()))
    const ofBooks = others.filter(({ params }) => params.sids?.[0] === 1)
    expect(ofBooks.map(({ params }) => params.action)).toEqual(['add_markets'])
  })

  test('asks again for the few books that say a connection is read the wrong way round, ever more rarely', () => {
    const session = live()
    session.oriented(['A'], 1000)
    session.answered('A', 1000)
    const askedMs: number[] = []
    for (let nowMs = 1000; nowMs < 300_000; nowMs += 500) {
      session.heard(nowMs)
      session.tick(nowMs)
      const asked = sends(session.takeEffects())
      if (asked.length === 0) continue
      expect(asked.map(({ params }) => [params.action, params.market_tickers])).toEqual([['get_snapshot', ['A']]])
      askedMs.push(nowMs - 1000)
      session.answered('A', nowMs)
    }
    expect(askedMs).toEqual([1000, 3000, 7000, 15_000, 31_000, 63_000, 123_000, 183_000, 243_000])
    session.oriented([], 300_000)
    session.tick(400_000)
    expect(sends(session.takeEffects())).toEqual([])
  })

  test('repairs one sequence break by get_snapshot, and a second before it is whole by a new connection', () => {
    const session = live()
    for (const market of ['A', 'B']) session.doubted(market, 'sequence_break', 1000)
    session.broken('orderbook_delta', 1000)
    const [command] = sends(session.takeEffects())
    expect(command?.params).toEqual({ sids: [1], action: 'get_snapshot', market_tickers: ['A', 'B'] })
    session.answered('A', 1010)
    session.broken('orderbook_delta', 1020)
    expect(session.takeEffects().at(-1)).toMatchObject({ kind: 'close', cause: 'sequence_break' })
    expect(session.state).toBe('waiting')
  })

  test('may break again once it was whole', () => {
    const session = live()
    for (let round = 1; round <= 5; round++) {
      for (const market of ['A', 'B']) session.doubted(market, 'sequence_break', round * 1000)
      session.broken('orderbook_delta', round * 1000)
      for (const market of ['A', 'B']) session.answered(market, round * 1000)
      expect(session.state).toBe('live')
    }
  })

  test('does not mind a break of trades', () => {
    const session = live()
    session.broken('trade', 1)
    session.broken('trade', 2)
    expect(session.state).toBe('live')
    expect(session.takeEffects()).toEqual([])
  })

  test('asks for one market in doubt ever more rarely', () => {
    const session = live()
    const asked: number[] = []
    let failures = 0
    for (let now = 0; now < 120_000; now += 50) {
      session.heard(now)
      session.tick(now)
      if (sends(session.takeEffects()).length > 0) {
        asked.push(now)
        session.answered('A', now)
      }
      if (asked.length === failures) {
        failures++
        session.doubted('A', 'negative_size', now)
      }
    }
    expect(asked.length).toBeGreaterThan(4)
    expect(asked.length).toBeLessThan(10)
  })

  test.each([
    [10, 'terminal_error'],
    [25, 'terminal_error'],
    [17, 'terminal_error'],
    [7, 'terminal_error'],
    [9, 'terminal_error'],
  ])('makes a new connection after error %i', (code, cause) => {
    const session = live()
    session.control({ type: 'error', id: undefined, sid: 1, seq: 9, code, message: '', markets: [] }, 5)
    expect(session.takeEffects().at(-1)).toMatchObject({ kind: 'close', cause })
  })

  test.each(Array.from({ length: 30 }, (_, index) => index + 1))(
    'has an answer to error %i on each of its commands',
    (code) => {
      for (const make of [
        () => aSession({ markets: ['A', 'B', 'C'], chunkSize: 2 }),
        () => subscribed({ markets: ['A', 'B', 'C'], chunkSize: 2 }),
        () => {
          const session = live()
          session.resync(['A'], 0)
          return session
        },
      ]) {
        const session = make()
        if (session.state === 'connecting') session.opened(0)
        const commands = sends(session.takeEffects())
        expect(commands.length).toBeGreaterThan(0)
        session.control(
          { type: 'error', id: commands[0]!.id, sid: undefined, seq: undefined, code, message: 'x', markets: [] },
          0,
        )
        const effects = session.takeEffects()
        const action = errorAction(code)
        if (action === 'reconnect') expect(kinds(effects)).toContain('close')
        if (action === 'refuse') expect(kinds(effects)).toContain('refused_command')
        if (isTerminal(code)) expect(session.state).toBe('waiting')
      }
    },
  )

  test('sends a command refused for haste again, and not for ever', () => {
    const session = aSession({ channels: ['orderbook_delta'] })
    session.opened(0)
    let sent = 0
    for (let now = 0; now < 60_000; now += 100) {
      session.heard(now)
      for (const { id } of sends(session.takeEffects())) {
        sent++
        session.control({ type: 'error', id, sid: undefined, seq: undefined, code: 27, message: '', markets: [] }, now)
      }
      if (session.state === 'waiting') break
      session.tick(now)
    }
    expect(sent).toBe(TRIES_MAX)
  })

  test('lets markets go that do not fit, and keeps the rest', () => {
    const session = subscribed({ markets: ['A', 'B', 'C'], chunkSize: 2 })
    const [books, ...others] = sends(session.takeEffects())
    session.control({ type: 'error', id: books!.id, sid: 1, seq: 3, code: 26, message: '', markets: [] }, 0)
    for (const { id } of others) session.control({ type: 'ok', id, sid: 2, seq: 1, markets: undefined }, 0)
    expect(session.takeEffects()).toContainEqual({ kind: 'dropped_markets', markets: ['C'], reason: 'market_limit' })
    session.answered('A', 0)
    session.answered('B', 0)
    expect(session.state).toBe('live')
  })

  test('goes on without a side channel that is refused', () => {
    const session = aSession({ markets: ['A', 'B', 'C'], chunkSize: 2 })
    session.opened(0)
    const [books, trade, ticker] = sends(session.takeEffects())
    session.control({ type: 'subscribed', id: books!.id, channel: 'orderbook_delta', sid: 1 }, 0)
    session.control(
      { type: 'error', id: trade!.id, sid: undefined, seq: undefined, code: 8, message: '', markets: [] },
      0,
    )
    session.control({ type: 'subscribed', id: ticker!.id, channel: 'ticker', sid: 2 }, 0)
    expect(sends(session.takeEffects()).map(({ params }) => params.sids)).toEqual([[1], [2]])
  })

  test('takes silence for death, but not the silence of its own pause', () => {
    const session = live()
    session.tick(20_000, true)
    session.tick(44_999)
    expect(session.state).toBe('live')
    session.heard(45_000)
    session.tick(70_000)
    expect(session.state).toBe('live')
    session.tick(70_001)
    expect(session.takeEffects().at(-1)).toMatchObject({ kind: 'close', cause: 'ping_silence' })
  })

  test('has a limit on every wait', () => {
    const connecting = aSession()
    connecting.tick(CONNECT_MS_MAX + 1)
    expect(connecting.state).toBe('waiting')

    const unanswered = aSession()
    unanswered.opened(0)
    unanswered.heard(ANSWER_MS_MAX)
    unanswered.tick(ANSWER_MS_MAX + 1)
    expect(unanswered.takeEffects().at(-1)).toMatchObject({ cause: 'subscribe_timeout' })

    const unproven = subscribed()
    unproven.answered('A', 0)
    unproven.heard(SNAPSHOT_MS_MAX)
    unproven.tick(SNAPSHOT_MS_MAX)
    const effects = unproven.takeEffects()
    expect(effects).toContainEqual({ kind: 'missing_snapshots', markets: ['B'] })
    expect(kinds(effects)).toContain('settle_orientation')
    expect(sends(effects).map(({ params }) => params.action)).toEqual(['get_snapshot'])
    unproven.heard(SNAPSHOT_MS_MAX + CHUNK_MS_MAX + 1)
    unproven.tick(SNAPSHOT_MS_MAX + CHUNK_MS_MAX + 1)
    expect(unproven.takeEffects()).toContainEqual({ kind: 'silent_markets', markets: ['B'] })
    expect(unproven.state).toBe('live')

    const stuck = aSession({ channels: ['orderbook_delta'] })
    stuck.opened(0)
    const [subscribe] = sends(stuck.takeEffects())
    stuck.control({ type: 'ok', id: subscribe!.id, sid: 1, seq: 1, markets: undefined }, 0)
    for (let now = 0; now <= 61_000; now += 1000) {
      stuck.heard(now)
      stuck.tick(now)
    }
    expect(stuck.state).toBe('waiting')
  })

  /** An hour of a connection on which only `answering` ever answer; answers the sends, opens and closes it saw. */
  const anHour = (answering: readonly string[], markets: readonly string[]) => {
    const session = live({ markets })
    const seen = { asked: 0, closes: 0 }
    let seq = 10
    for (const market of markets) session.doubted(market, 'sequence_break', 0)
    session.broken('orderbook_delta', 0)
    for (let now = 0; now < 3_600_000; now += 100) {
      if (now % 10_000 === 0) session.heard(now)
      session.tick(now, false, seq)
      for (const effect of session.takeEffects()) {
        if (effect.kind === 'close' && effect.cause === 'resync_timeout') seen.closes++
        if (effect.kind !== 'send') continue
        const { params } = JSON.parse(effect.text) as Sent
        if (params.action !== 'get_snapshot') continue
        seen.asked++
        for (const market of params.market_tickers ?? []) {
          if (!answering.includes(market)) continue
          seq++
          session.answered(market, now)
        }
      }
    }
    return { ...seen, state: session.state }
  }

  test('sets a market aside that does not answer, keeps the others, and asks again ever more rarely', () => {
    const { asked, closes, state } = anHour(['A'], ['A', 'S'])
    expect(state).toBe('live')
    expect(closes).toBe(0)
    expect(asked).toBeGreaterThan(5)
    expect(asked).toBeLessThan(20)
  })

  test('takes a sid on which nothing comes any more for dead', () => {
    expect(anHour([], ['A', 'S'])).toMatchObject({ closes: 1 })
  })

  test('is not held up by an answer that cannot be read', () => {
    const session = subscribed()
    session.answered('A', 0)
    session.unreadable('B', 0)
    expect(session.state).toBe('live')
  })

  test('asks for a market that was unknown when deltas of it come', () => {
    const session = live()
    session.stirred('A', 5)
    session.tick(5)
    expect(sends(session.takeEffects()).map(({ params }) => params.market_tickers)).toEqual([['A']])
  })

  test('makes a new connection when the count of its sid began anew', () => {
    const session = live()
    session.fellBack('trade', 5)
    expect(session.state).toBe('live')
    session.fellBack('orderbook_delta', 5)
    expect(session.takeEffects().at(-1)).toMatchObject({ kind: 'close', cause: 'sequence_break' })
  })

  test('asks anew in smaller pieces when its first subscribe is too large', () => {
    const session = aSession({ markets: ['A', 'B', 'C', 'D', 'E'], chunkSize: 4, channels: ['orderbook_delta'] })
    session.opened(0)
    const [first] = sends(session.takeEffects())
    session.control(
      { type: 'error', id: first!.id, sid: undefined, seq: undefined, code: 26, message: '', markets: [] },
      0,
    )
    session.tick(60_000)
    session.opened(60_000)
    const [second] = sends(session.takeEffects())
    expect(second?.params.market_tickers).toEqual(['A', 'B'])
    expect([...session.markets]).toEqual(['A', 'B', 'C', 'D', 'E'])
  })

  test('lets a market go that was removed before its sid was known', () => {
    const session = aSession({ channels: ['orderbook_delta'] })
    session.opened(0)
    const [subscribe] = sends(session.takeEffects())
    session.change({ remove: ['A'] }, 0)
    expect(sends(session.takeEffects())).toEqual([])
    session.control({ type: 'subscribed', id: subscribe!.id, channel: 'orderbook_delta', sid: 7 }, 0)
    expect(sends(session.takeEffects()).map(({ params }) => params)).toEqual([
      { sids: [7], action: 'delete_markets', market_tickers: ['A'] },
    ])
  })

  test('comes back with a wait when there is room again', () => {
    const session = live()
    let opens = 0
    for (let now = 0; now < 60_000; now += 50) {
      session.full(now)
      session.room(now)
      session.tick(now)
      opens += session.takeEffects().filter(({ kind }) => kind === 'open').length
      if (session.state === 'connecting') session.opened(now)
      session.takeEffects()
    }
    expect(opens).toBeLessThan(20)
  })

  test('lets the connection go while an operator pauses, whatever else happens, and connects again on their word', () => {
    const session = live()
    session.pause(1_000)
    expect(session.takeEffects()).toContainEqual({ kind: 'close', cause: 'paused', detail: 'paused by an operator' })
    session.pause(1_010)
    session.full(1_020)
    session.room(1_030)
    session.change({ add: ['C'] }, 1_040)
    for (let now = 1_050; now < 100_000; now += 50) session.tick(now)
    expect([session.state, kinds(session.takeEffects())]).toEqual(['paused', []])
    session.resume(100_000)
    session.resume(100_000)
    session.tick(100_050)
    expect([session.state, kinds(session.takeEffects())]).toEqual(['connecting', ['state', 'state', 'open']])
    expect([...session.markets]).toEqual(['A', 'B', 'C'])
  })

  test('connects at most once in a second however often it is paused and resumed, and not before it may', () => {
    const session = live()
    let opens = 0
    for (let now = 0; now < 10_000; now += 50) {
      session.pause(now)
      session.resume(now)
      session.tick(now)
      opens += session.takeEffects().filter(({ kind }) => kind === 'open').length
    }
    expect([opens > 5, opens <= 10]).toEqual([true, true])
    const refused = aSession()
    refused.refused(0, { status: 429, retryAfterMs: 20_000, detail: 'HTTP 429' })
    refused.pause(50)
    refused.resume(100)
    for (let now = 100; now < 20_000; now += 50) refused.tick(now)
    expect(kinds(refused.takeEffects())).not.toContain('open')
  })

  test('changes its markets on the living connection', () => {
    const session = live()
    session.change({ add: ['C'], remove: ['A', 'Z'] }, 5)
    const commands = sends(session.takeEffects())
    expect(commands.map(({ params }) => [params.action, params.sids, params.market_tickers])).toContainEqual([
      'delete_markets',
      [1],
      ['A'],
    ])
    for (const { id } of commands) session.control({ type: 'ok', id, sid: 1, seq: 1, markets: undefined }, 5)
    for (const { id } of sends(session.takeEffects()))
      session.control({ type: 'ok', id, sid: 1, seq: 1, markets: undefined }, 5)
    expect(session.state).toBe('proving')
    session.answered('C', 6)
    expect(session.state).toBe('live')
    expect([...session.markets]).toEqual(['B', 'C'])
  })

  test('subscribes once, however long the answer takes', () => {
    const session = aSession({ markets: ['A', 'B', 'C', 'D'], chunkSize: 2 })
    session.opened(0)
    expect(sends(session.takeEffects())).toHaveLength(3)
    for (let now = 0; now < ANSWER_MS_MAX; now += 50) session.tick(now)
    expect(sends(session.takeEffects())).toEqual([])
  })

  test('begins with short waits again once books were proven', () => {
    const session = aSession({ random: () => 0.999 })
    for (let round = 0; round < 8; round++) {
      session.disconnected(round, 'gone')
      session.tick(1e6 * (round + 1))
    }
    session.opened(1e7)
    for (const { id, params } of sends(session.takeEffects())) {
      session.control({ type: 'subscribed', id, channel: params.channels![0]!, sid: id }, 1e7)
    }
    for (const market of ['A', 'B']) session.answered(market, 1e7)
    expect(session.state).toBe('live')
    session.takeEffects()
    session.disconnected(1e7, 'gone')
    const [state] = session.takeEffects()
    expect(state).toMatchObject({ to: 'waiting' })
    expect((state as Effect & { kind: 'state' }).waitMs).toBeLessThan(500)
  })

  test('resets its backoff only when books were proven', () => {
    const waits: number[] = []
    const session = aSession({ random: () => 0.999 })
    let now = 0
    for (let round = 0; round < 12; round++) {
      session.opened(now)
      session.disconnected(now, 'gone')
      const state = session.takeEffects().find((each) => each.kind === 'state' && each.to === 'waiting')
      const { waitMs } = state as Effect & { kind: 'state' }
      waits.push(waitMs)
      now += waitMs
      session.tick(now)
    }
    expect(waits[0]).toBeLessThan(500)
    expect(waits.at(-1)).toBeGreaterThan(BACKOFF_MS_MAX * 0.9)
    expect(Math.max(...waits)).toBeLessThanOrEqual(BACKOFF_MS_MAX)
  })

  // Whatever happens in whatever order: nothing throws, commands go out only on an open socket, each open is closed
  // before the next, and the limits hold.
  test('keeps its laws under any events', () => {
    const event = fc.record({
      kind: fc.constantFrom(
        'opened',
        'refused',
        'disconnected',
        'ok',
        'subscribed',
        'error',
        'broken',
        'doubted',
        'answered',
        'change',
        'full',
        'room',
        'pause',
        'resume',
        'tick',
        'heard',
        'resync',
      ),
      number: fc.nat({ max: 30 }),
      market: fc.constantFrom('A', 'B', 'C', 'D', 'E'),
      waitMs: fc.constantFrom(0, 10, 100, 1000, 40_000),
    })
    fc.assert(
      fc.property(fc.array(event, { maxLength: 120 }), fc.nat(), (events, seed) => {
        const session = aSession({ markets: ['A', 'B', 'C'], chunkSize: 2, random: () => ((seed * 7919) % 997) / 997 })
        let now = 0
        let open = true
        let sentInSecond: number[] = []
        for (const { kind, number, market, waitMs } of events) {
          now += waitMs
          if (kind === 'opened') session.opened(now)
          if (kind === 'refused') session.refused(now, { status: number > 15 ? 429 : 503, detail: 'x' })
          if (kind === 'disconnected') session.disconnected(now, 'x')
          if (kind === 'ok') session.control({ type: 'ok', id: number, sid: 1, seq: 1, markets: undefined }, now)
          if (kind === 'subscribed')
            session.control(
              {
                type: 'subscribed',
                id: number,
                channel: ['orderbook_delta', 'trade', 'ticker'][number % 3]!,
                sid: number,
              },
              now,
            )
          if (kind === 'error')
            session.control({ type: 'error', id: number, sid: 1, seq: 1, code: number, message: '', markets: [] }, now)
          if (kind === 'broken') session.broken('orderbook_delta', now)
          if (kind === 'doubted') session.doubted(market, number % 2 ? 'negative_size' : 'sequence_break', now)
          if (kind === 'answered') session.answered(market, now)
          if (kind === 'change') session.change({ add: [market], remove: number % 2 ? ['A'] : [] }, now)
          if (kind === 'full') session.full(now)
          if (kind === 'room') session.room(now)
          if (kind === 'pause') session.pause(now)
          if (kind === 'resume') session.resume(now)
          if (kind === 'heard') session.heard(now)
          if (kind === 'resync') session.resync([market], now)
          if (kind === 'tick') session.tick(now)
          for (const effect of session.takeEffects()) {
            if (effect.kind === 'open') {
              expect(open).toBe(false)
              open = true
            }
            if (effect.kind === 'close') {
              expect(open).toBe(true)
              open = false
            }
            if (effect.kind === 'send') {
              expect(open).toBe(true)
              sentInSecond = [...sentInSecond.filter((each) => now - each < 1000), now]
              expect(sentInSecond.length).toBeLessThanOrEqual(PER_SECOND_MAX)
            }
            if (effect.kind === 'state') expect(effect.waitMs).toBeLessThanOrEqual(BACKOFF_MS_MAX + RETRY_AFTER_MS_MAX)
          }
          expect(hasSocket(session.state)).toBe(open)
          if (session.state === 'live') expect(session.unproven).toBe(0)
        }
        session.stop(now)
        expect(session.state).toBe('closed')
      }),
      { numRuns: 500 },
    )
  })
})

describe('a backoff', () => {
  test('respects 429, with and without Retry-After, up to a limit', () => {
    const backoff = new Backoff(() => 0)
    expect(backoff.next({ retryAfterMs: undefined })).toBeGreaterThanOrEqual(TOO_MANY_MS)
    expect(backoff.next({ retryAfterMs: 60_000 })).toBeGreaterThanOrEqual(60_000)
    expect(backoff.next({ retryAfterMs: 1e12 })).toBe(RETRY_AFTER_MS_MAX)
  })

  test('spreads its waits over the whole range', () => {
    fc.assert(
      fc.property(fc.double({ min: 0, max: 0.999999, noNaN: true }), fc.nat({ max: 200 }), (unit, failures) => {
        const backoff = new Backoff(() => unit)
        for (let index = 0; index < failures; index++) backoff.next()
        const wait = backoff.next()
        expect(wait).toBeGreaterThanOrEqual(100)
        expect(wait).toBeLessThanOrEqual(BACKOFF_MS_MAX)
      }),
    )
  })
})

describe('the command queue', () => {
  const add = { cmd: 'update', action: 'add_markets', sid: 1, markets: ['A'] } as const
  const snapshot = { cmd: 'update', action: 'get_snapshot', sid: 1, markets: ['A'] } as const

  test('keeps a few unanswered, and awaits nothing for a get_snapshot', () => {
    const queue = new CommandQueue()
    for (let index = 0; index < 10; index++) queue.push(add)
    expect(queue.take(0)).toHaveLength(IN_FLIGHT_MAX)
    expect(queue.take(0)).toHaveLength(0)
    queue.answer(2)
    expect(queue.take(0)).toHaveLength(1)
    const other = new CommandQueue()
    for (let index = 0; index < 200; index++) other.push(snapshot)
    expect(other.take(0)).toHaveLength(PER_SECOND_MAX)
    expect(other.take(999)).toHaveLength(0)
    expect(other.take(1000)).toHaveLength(PER_SECOND_MAX)
    expect(other.isIdle).toBe(true)
    expect(other.answer(200)?.command).toBe(snapshot)
    expect(other.answer(1)).toBeUndefined()
  })

  test('counts the commands of any second, however they lie in it', () => {
    const queue = new CommandQueue()
    const sentMs: number[] = []
    for (let nowMs = 0; nowMs < 3000; nowMs += 9) {
      queue.push(snapshot)
      if (nowMs > 900) for (let more = 0; more < 5; more++) queue.push(snapshot)
      for (const _ of queue.take(nowMs)) sentMs.push(nowMs)
    }
    for (const end of sentMs) {
      expect(sentMs.filter((each) => each <= end && end - each < 1000).length).toBeLessThanOrEqual(PER_SECOND_MAX)
    }
    expect(sentMs.length).toBeGreaterThan(2 * PER_SECOND_MAX)
  })
})

describe('resync', () => {
  test('asks in chunks with a pause, one at a time', () => {
    const resync = new Resync()
    for (let index = 0; index < 250; index++) resync.want(`M${index}`, false, 0)
    const first = resync.take(0)
    expect(first).toHaveLength(CHUNK_MAX)
    expect(resync.take(1000)).toEqual([])
    for (const market of first) resync.settle(market)
    expect(resync.take(CHUNK_PAUSE_MS - 1)).toEqual([])
    expect(resync.take(CHUNK_PAUSE_MS)).toHaveLength(CHUNK_MAX)
    expect(resync.isOverdue(CHUNK_PAUSE_MS + CHUNK_MS_MAX + 1)).toBe(true)
    expect(resync.size).toBe(150)
  })
})

describe('audits of a session', () => {
  const asks = (effects: Effect[]) => sends(effects).filter(({ params }) => params.action === 'get_snapshot')
  /** Live since 0, with the books proven then. */
  function proven(options: Partial<SessionOptions> = {}) {
    const session = live(options)
    for (const market of session.markets) session.proven(market, 0)
    session.tick(0)
    session.takeEffects()
    return session
  }
  const at = (session: Session, nowMs: number) => {
    session.heard(nowMs)
    session.tick(nowMs)
    return session.takeEffects()
  }

  test('ask for one proven book after the other, and for none while a repair is under way', () => {
    const session = proven()
    expect(asks(at(session, ASK_EVERY_MS - 1))).toEqual([])
    expect(asks(at(session, ASK_EVERY_MS))).toMatchObject([{ params: { sids: [1], market_tickers: ['A'] } }])
    session.proven('A', ASK_EVERY_MS)
    session.doubted('B', 'negative_size', ASK_EVERY_MS)
    expect(asks(at(session, ASK_EVERY_MS + 100))).toMatchObject([{ params: { market_tickers: ['B'] } }])
    expect(asks(at(session, 2 * ASK_EVERY_MS - 10_000))).toEqual([])
    session.proven('B', 2 * ASK_EVERY_MS)
    expect(session.state).toBe('live')
    expect(asks(at(session, 2 * ASK_EVERY_MS + 100))).toMatchObject([{ params: { market_tickers: ['A'] } }])
  })

  test('keep the distance between two get_snapshot', () => {
    const session = proven()
    at(session, ASK_EVERY_MS)
    session.proven('A', ASK_EVERY_MS)
    session.resync(['B'], ASK_EVERY_MS + 10)
    expect(asks(session.takeEffects())).toEqual([])
    expect(asks(at(session, ASK_EVERY_MS + CHUNK_PAUSE_MS))).toMatchObject([{ params: { market_tickers: ['B'] } }])
  })

  test('without an answer are given up, and the book stays as it is', () => {
    const session = proven()
    at(session, ASK_EVERY_MS)
    const effects = at(session, ASK_EVERY_MS + AUDIT_ANSWER_MS_MAX + 1)
    expect(effects).toContainEqual({ kind: 'settle_audits', markets: ['A'] })
    expect(session).toMatchObject({ state: 'live', unproven: 0 })
  })

  test('refused leave the book proven, and its turn comes again', () => {
    const session = proven({ markets: ['A'] })
    const [ask] = asks(at(session, ASK_EVERY_MS))
    session.control({ type: 'error', id: ask!.id, sid: 1, seq: 9, code: 5, message: 'no', markets: [] }, ASK_EVERY_MS)
    expect(session.unproven).toBe(0)
    at(session, ASK_EVERY_MS + AUDIT_ANSWER_MS_MAX + 1)
    expect(asks(at(session, 3 * ASK_EVERY_MS))).toHaveLength(1)
  })

  test('that are only offset end a question of an operator too', () => {
    const session = proven()
    session.resync(['A'], 1000)
    expect(asks(session.takeEffects())).toHaveLength(1)
    session.audited('A', { result: 'offset' }, 1001)
    expect(session.unproven).toBe(0)
    expect(kinds(at(session, 20_000))).not.toContain('silent_markets')
  })
})
