import { describe, expect, test } from 'vitest'
import { type Effect, Session } from './session.ts'
import { PAIRS_MIN, Units } from './units.ts'
import { FAULTS_MIN, SOUND_TRIALS, TRIAL_MS, TRIAL_MS_MAX, WINDOW_MS, WireDrift } from './wire-drift.ts'

const names = (count: number) => Array.from({ length: count }, (_, index) => `M${index}`)

function answered(count: number) {
  const drift = new WireDrift()
  for (const market of names(count)) drift.proven(market, 0)
  return drift
}

/** How many of the markets have to fail for a verdict, each once. */
function failuresNeeded(drift: WireDrift, markets: readonly string[], isAnswer = false): number {
  return markets.findIndex((market) => drift.failed('crossed', market, 1000, isAnswer)) + 1
}

describe('the wire is judged changed', () => {
  test('when the same fault is in more than a twentieth of the fresh books, and in five at least', () => {
    expect(failuresNeeded(answered(20), names(20))).toBe(FAULTS_MIN)
    expect(failuresNeeded(answered(200), names(200))).toBe(11)
    expect(failuresNeeded(answered(5_000), names(5_000))).toBe(251)
  })

  test('when all of few markets have it again and again, and never by one alone', () => {
    const drift = answered(2)
    const twice = ['M0', 'M1', 'M0', 'M1']
    expect(failuresNeeded(drift, [...twice, 'M0'])).toBe(5)
    expect(failuresNeeded(answered(2), ['M0', 'M0', 'M0', 'M0', 'M0', 'M0'])).toBe(0)
  })

  test('by the books that answered lately, where it is answers that cannot be read', () => {
    const drift = answered(5_000)
    const markets = names(10)
    const judged = markets.findIndex((market) => drift.failed('malformed msg', market, WINDOW_MS + 1, true))
    expect(judged).toBe(FAULTS_MIN - 1)
  })

  test('not by different faults, nor by faults that lie far apart', () => {
    const drift = answered(20)
    for (const [index, market] of names(20).entries()) {
      expect(drift.failed(`malformed ${index}`, market, 0)).toBe(false)
      expect(drift.failed('crossed', market, (index * WINDOW_MS) / 3)).toBe(false)
    }
  })

  test('by frames that cannot be read and may have been about any book, and by types that nobody reads', () => {
    const drift = answered(1000)
    for (let time = 1; time < FAULTS_MIN; time++) expect(drift.failedAll('malformed frame', time)).toBe(false)
    expect(drift.failedAll('malformed frame', FAULTS_MIN)).toBe(true)
    const other = answered(1000)
    other.counted(100, 0)
    for (let time = 0; time < 30; time++) other.unread('type orderbook_update', time)
    expect(other.counted(100 + 30 * 20, 100)).toBe(false)
    expect(other.counted(100 + 30 * 19, 100)).toBe(true)
    expect(other.change).toMatchObject({ what: 'type orderbook_update' })
  })
})

describe('while the wire has changed', () => {
  /** Changed at 0, with these in doubt. */
  function changed(inDoubt: string[]) {
    const drift = answered(20)
    drift.changed('crossed', 0)
    return { drift, next: (nowMs: number) => drift.next(() => inDoubt, nowMs) }
  }

  test('one market is tried at a time, ever more rarely while it fails, and not the same one', () => {
    const { drift, next } = changed(['M0', 'M1'])
    const asks: { atMs: number; markets: readonly string[] }[] = []
    for (let nowMs = 0; nowMs < 300_000; nowMs += 50) {
      const markets = next(nowMs) as string[]
      if (markets.length > 0) asks.push({ atMs: nowMs, markets })
      for (const market of markets) drift.failed('crossed', market, nowMs)
    }
    expect(asks.slice(0, 4)).toEqual([
      { atMs: TRIAL_MS, markets: ['M0'] },
      { atMs: 2 * TRIAL_MS, markets: ['M1'] },
      { atMs: 4 * TRIAL_MS, markets: ['M0'] },
      { atMs: 8 * TRIAL_MS, markets: ['M1'] },
    ])
    expect(asks.at(-1)!.atMs - asks.at(-2)!.atMs).toBe(TRIAL_MS_MAX)
    expect(asks.length).toBeLessThan(14)
  })

  test('sound trials grow, and enough of them in a row end it', () => {
    const { drift, next } = changed(names(20))
    const sizes: number[] = []
    let nowMs = 0
    for (; nowMs < 60_000; nowMs += TRIAL_MS) {
      const found = next(nowMs)
      if (found === 'sound') break
      sizes.push(found.length)
      for (const market of found) drift.proven(market, nowMs)
    }
    expect(sizes).toEqual([0, 1, 2, 4])
    expect(nowMs).toBe((SOUND_TRIALS + 1) * TRIAL_MS)
    expect(drift.change).toBeUndefined()
  })

  test('a book that goes wrong after its sound snapshot makes its trial a failure, and so does one that does not answer', () => {
    const { drift, next } = changed(names(20))
    expect(next(TRIAL_MS)).toHaveLength(1)
    drift.proven('M0', TRIAL_MS)
    drift.failed('crossed', 'M0', TRIAL_MS + 1)
    expect(next(2 * TRIAL_MS)).toHaveLength(1)
    expect(next(3 * TRIAL_MS)).toEqual([])
    expect(next(4 * TRIAL_MS)).toHaveLength(1)
    expect(drift.change).toBeDefined()
  })

  test('it is over when nothing is left in doubt', () => {
    expect(changed([]).next(TRIAL_MS)).toBe('sound')
  })
})

describe('units', () => {
  const told = (units: Units, ours: [number, number], theirs: [number, number], times = PAIRS_MIN) => {
    for (let time = 0; time < times; time++) {
      units.told('M', { price: theirs[0], size: theirs[1] }, { price: ours[0], size: ours[1] })
    }
    return units.wrong
  }

  test('are wrong when a power of ten lies between most of our figures and the tickers’', () => {
    expect(told(new Units(), [67, 500], [6700, 500])).toBe('prices are 100 times too small')
    expect(told(new Units(), [9000, 500], [900, 500])).toBe('prices are 10 times too large')
    expect(told(new Units(), [4000, 50_000], [4000, 500])).toBe('sizes are 100 times too large')
    expect(told(new Units(), [4000, 5], [4000, 50_000])).toBe('sizes are 10000 times too small')
  })

  test('are not wrong by a market that moves, by few pairs, or by a size at another price', () => {
    expect(told(new Units(), [4000, 500], [4300, 500])).toBeUndefined()
    expect(told(new Units(), [200, 500], [600, 500])).toBeUndefined()
    expect(told(new Units(), [200, 500], [900, 500])).toBeUndefined()
    expect(told(new Units(), [67, 500], [6700, 500], PAIRS_MIN - 1)).toBeUndefined()
    expect(told(new Units(), [4000, 50_000], [4100, 500])).toBeUndefined()
  })

  test('are right again when most of the latest pairs are', () => {
    const units = new Units()
    told(units, [67, 500], [6700, 500])
    expect(told(units, [6700, 500], [6700, 500], 6)).toBeUndefined()
    expect(units.isChecked).toBe(true)
  })

  test('are held against what a ticker said before the book came', () => {
    const units = new Units()
    for (const market of names(PAIRS_MIN)) units.told(market, { price: 5000, size: 100 }, undefined)
    expect(units.isChecked).toBe(false)
    for (const market of names(PAIRS_MIN)) units.proven(market, { price: 500, size: 100 })
    expect(units.wrong).toBe('prices are 10 times too small')
  })
})

describe('a session whose wire changes', () => {
  const asks = (effects: Effect[]) =>
    effects.flatMap((each) => (each.kind === 'send' && each.text.includes('get_snapshot') ? [each.text] : []))

  /** Live at 0 with so many markets proven. */
  function live(count: number) {
    const session = new Session({
      markets: names(count),
      useYesPrice: true,
      channels: ['orderbook_delta'],
      random: () => 0.5,
      pingSilenceMs: 25_000,
    })
    session.start(0)
    session.opened(0)
    session.control({ type: 'subscribed', id: 1, channel: 'orderbook_delta', sid: 1 }, 0)
    for (const market of names(count)) session.proven(market, 0)
    expect(session.state).toBe('live')
    session.takeEffects()
    return session
  }
  const at = (session: Session, nowMs: number) => {
    session.heard(nowMs)
    session.tick(nowMs)
    return session.takeEffects()
  }

  test('asks for no more than trials, says so once, and asks for the rest when they are sound', () => {
    const session = live(100)
    for (const market of names(50)) session.doubted(market, 'negative_size', 10)
    const [change, ...more] = session.takeEffects().filter(({ kind }) => kind === 'wire_changed')
    expect(change).toEqual({ kind: 'wire_changed', what: 'negative_size', markets: names(6).reverse() })
    expect(more).toEqual([])
    const sent: { atMs: number; count: number }[] = []
    let sound = 0
    for (let nowMs = 50; sound === 0 && nowMs < 60_000; nowMs += 50) {
      const effects = at(session, nowMs)
      for (const text of asks(effects)) {
        const { market_tickers: markets } = (JSON.parse(text) as { params: { market_tickers: string[] } }).params
        sent.push({ atMs: nowMs, count: markets.length })
        for (const market of markets) session.proven(market, nowMs)
      }
      if (effects.some(({ kind }) => kind === 'wire_sound')) sound = nowMs
    }
    expect(sent.map(({ count }) => count)).toEqual([1, 2, 4, 43])
    expect(sent.at(-1)!.atMs).toBe(sound)
    expect(session).toMatchObject({ state: 'live', unproven: 0, wireChange: undefined })
  })

  test('makes a new connection when audits do not match, and holds it against the wire when that does not help', () => {
    const session = live(10)
    const mismatch = (nowMs: number) => {
      for (const market of names(5)) {
        session.doubted(market, 'audit_mismatch', nowMs)
        session.proven(market, nowMs)
      }
      return session.takeEffects()
    }
    expect(mismatch(10)).toContainEqual(expect.objectContaining({ kind: 'close', cause: 'terminal_error' }))
    expect(session.state).toBe('waiting')
    session.tick(60_000)
    session.opened(60_000)
    session.control({ type: 'subscribed', id: 2, channel: 'orderbook_delta', sid: 1 }, 60_000)
    for (const market of names(10)) session.proven(market, 60_000)
    session.takeEffects()
    expect(mismatch(60_010)).toContainEqual(expect.objectContaining({ kind: 'wire_changed', what: 'audit_mismatch' }))
    expect(session.state).not.toBe('waiting')
  })

  test('believes no book in other units, not even one on trial', () => {
    const session = live(10)
    for (const market of names(PAIRS_MIN))
      session.quoted(market, { price: 5000, size: 100 }, { price: 50, size: 100 }, 10)
    expect(session.takeEffects()).toEqual([
      { kind: 'wire_changed', what: 'prices are 100 times too small', markets: names(10) },
    ])
    for (const market of names(10)) session.doubted(market, 'wire_changed', 10)
    expect(asks(at(session, 10 + TRIAL_MS))).toHaveLength(1)
    session.proven('M0', 10 + TRIAL_MS, { price: 50, size: 100 })
    expect(session.takeEffects()).toEqual([
      { kind: 'wire_changed', what: 'prices are 100 times too small', markets: ['M0'] },
    ])
  })
})
