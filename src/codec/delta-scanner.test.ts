import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { decodeFrame } from './decode.ts'
import { DeltaScanner } from './delta-scanner.ts'
import { TickerTable } from './ticker-table.ts'

const TICKERS = ['KXBTC15M-26MAY140045-45', 'KXA', 'T73749.99']

function scannerOver(tickers: readonly string[]) {
  const table = new TickerTable()
  for (const each of tickers) table.add(each)
  return { table, scanner: new DeltaScanner(table) }
}

const TODAY =
  '{"type":"orderbook_delta","sid":1,"seq":77,"msg":{"market_ticker":"KXA","market_id":"7f83cad1-c053","price_dollars":"0.4200","delta_fp":"-30.25","side":"no","ts":"2026-11-22T12:00:00.123456Z","ts_ms":1795348800123},"sending_ts_ms":1795348800126}\n'

/** If the scanner takes a frame, the plain decoder must read the very same from it. */
function expectAgreement(text: string, useYesPrice: boolean): boolean {
  const { table, scanner } = scannerOver(TICKERS)
  const taken = scanner.scan(Buffer.from(text, 'utf8'), useYesPrice)
  if (taken) {
    const { sid, seq, side, price, change, exchangeMs } = scanner
    const market = table.name(scanner.market)
    expect({ type: 'delta', sid, seq, market, side, price, change, exchangeMs }).toEqual(decodeFrame(text, useYesPrice))
  }
  return taken
}

describe('the scanner', () => {
  test.each([
    ['today’s shape', TODAY],
    ['without sending_ts_ms', TODAY.replace(/,"sending_ts_ms":\d+/, '')],
    ['without market_id', TODAY.replace(/"market_id":"[^"]*",/, '')],
    ['without ts', TODAY.replace(/"ts":"[^"]*",/, '')],
    ['without any time', TODAY.replace(/,"ts":"[^"]*","ts_ms":\d+/, '')],
    ['without a newline', TODAY.trim()],
    ['a YES delta', TODAY.replace('"no"', '"yes"')],
    ['fifteen digits of seq', TODAY.replace('77', '123456789012345')],
  ])('takes %s', (_, text) => {
    expect(expectAgreement(text, false)).toBe(true)
    expect(expectAgreement(text, true)).toBe(true)
  })

  test.each([
    ['an unknown ticker', TODAY.replace('KXA', 'KXB')],
    ['an own order', TODAY.replace('"side":"no"', '"side":"no","client_order_id":"mm-17","subaccount":1')],
    ['another order of keys', TODAY.replace('"sid":1,"seq":77', '"seq":77,"sid":1')],
    ['a key given twice', TODAY.replace('"side":"no"', '"side":"no","side":"yes"')],
    ['an escape', TODAY.replace('KXA', 'KX\\u0041')],
    ['a price of one', TODAY.replace('0.4200', '1.0000')],
    ['a price of zero', TODAY.replace('0.4200', '0.0000')],
    ['a price in two decimals', TODAY.replace('0.4200', '0.42')],
    ['a leading zero', TODAY.replace('77', '077')],
    ['sixteen digits', TODAY.replace('77', '1234567890123456')],
    ['a fraction', TODAY.replace('77', '77.0')],
    ['a change of thirteen digits', TODAY.replace('-30.25', '1234567890123.00')],
    ['only the deprecated time', TODAY.replace(/,"ts_ms":\d+/, '')],
    ['a snapshot', TODAY.replace('orderbook_delta', 'orderbook_snapshot')],
    ['something behind the end', `${TODAY}x`],
    ['white space inside', TODAY.replace('"sid":1', '"sid": 1')],
  ])('leaves %s to the plain decoder', (_, text) => {
    expect(expectAgreement(text, false)).toBe(false)
  })

  test('agrees with the plain decoder on every well-formed delta', () => {
    const delta = fc.record({
      ticker: fc.constantFrom(...TICKERS),
      sid: fc.nat(),
      seq: fc.nat({ max: 2 ** 53 - 1 }),
      price: fc.integer({ min: 1, max: 9999 }),
      change: fc.integer({ min: -1e12, max: 1e12 }),
      side: fc.constantFrom('yes', 'no'),
      ms: fc.nat({ max: 2e12 }),
      useYesPrice: fc.boolean(),
    })
    fc.assert(
      fc.property(delta, ({ ticker, sid, seq, price, change, side, ms, useYesPrice }) => {
        const fp = `${change < 0 ? '-' : ''}${Math.floor(Math.abs(change) / 100)}.${String(Math.abs(change) % 100).padStart(2, '0')}`
        const msg = {
          market_ticker: ticker,
          market_id: 'm',
          price_dollars: `0.${String(price).padStart(4, '0')}`,
          delta_fp: fp,
          side,
          ts_ms: ms,
        }
        const text = `${JSON.stringify({ type: 'orderbook_delta', sid, seq, msg })}\n`
        expect(expectAgreement(text, useYesPrice)).toBe(seq < 1e15)
      }),
    )
  })

  test('agrees or steps back, whatever bytes are changed, cut or put in', () => {
    const edit = fc.record({
      at: fc.nat({ max: TODAY.length }),
      cut: fc.nat({ max: 3 }),
      put: fc.oneof(
        fc.string({ maxLength: 3 }),
        fc.constantFrom('0', '9', '-', '.', '"', '\\', ',', '}', '{', 'e', '1e3', ' '),
      ),
    })
    fc.assert(
      fc.property(fc.array(edit, { minLength: 1, maxLength: 3 }), fc.boolean(), (edits, useYesPrice) => {
        let text = TODAY
        for (const { at, cut, put } of edits) text = text.slice(0, at) + put + text.slice(at + cut)
        expectAgreement(text, useYesPrice)
      }),
      { numRuns: 5000 },
    )
  })

  test('any bytes never make it throw', () => {
    const { scanner } = scannerOver(TICKERS)
    fc.assert(fc.property(fc.uint8Array({ maxLength: 400 }), (bytes) => void scanner.scan(bytes, true)))
    for (let length = 0; length < TODAY.length; length++) scanner.scan(Buffer.from(TODAY.slice(0, length)), false)
  })
})

describe('the ticker table', () => {
  test('keeps numbers while it grows, gives them up when told, and finds what it holds', () => {
    const table = new TickerTable()
    const names = Array.from({ length: 5000 }, (_, index) => `KX-${index}`)
    const numbers = names.map((name) => table.add(name))
    expect(new Set(numbers).size).toBe(names.length)
    for (const [index, name] of names.entries()) if (index % 2 === 0) table.remove(name)
    const scanner = new DeltaScanner(table)
    for (const [index, name] of names.entries()) {
      expect(scanner.scan(Buffer.from(TODAY.replace('KXA', name)), false)).toBe(index % 2 === 1)
      if (index % 2 === 1) expect(scanner.market).toBe(numbers[index])
    }
    for (let round = 0; round < 20; round++) {
      for (const name of names) table.add(`${name}-${round}`)
      for (const name of names) table.remove(`${name}-${round}`)
    }
    expect(table.size).toBe(2500)
    expect(table.numberOf('KX-1')).toBe(numbers[1])
    expect(table.numberOf('KX-0')).toBe(-1)
  })
})
