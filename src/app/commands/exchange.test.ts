import { Command } from 'commander'
import { expect, test, vi } from 'vitest'
import type { ExchangeOptions } from '#exchange'
import { DEMO_CAPTURE } from './demo-capture.ts'
import { addExchange, optionsOf } from './exchange.ts'
import { addStart } from './start.ts'

/** What the command line makes of its words, without starting anything. */
function optionsFrom(...words: string[]): ExchangeOptions {
  const program = new Command().exitOverride()
  addExchange(program)
  const command = program.commands[0] as Command
  let options: ExchangeOptions | undefined
  command.exitOverride().configureOutput({ writeErr: () => undefined })
  command.action((flags) => {
    options = optionsOf(flags)
  })
  program.parse(['node', 'kalshiflow', 'exchange', ...words])
  return options as ExchangeOptions
}

test('without a capture it runs a world, described by its flags', () => {
  expect(optionsFrom()).toEqual({ port: 7070, host: '127.0.0.1' })
  expect(
    optionsFrom('--port', '0', '--seed', '7', '--markets', '50', '--rate', '900', '--signal', '--life', '30s-2m'),
  ).toEqual({
    port: 0,
    host: '127.0.0.1',
    seed: 7,
    markets: 50,
    ratePerSecond: 900,
    signal: true,
    lifeMs: [30_000, 120_000],
  })
  expect(optionsFrom('--life', '45s').lifeMs).toEqual([45_000, 45_000])
})

test('with --capture it plays one; demo is the one that comes along', () => {
  expect(optionsFrom('--capture', 'demo', '--loop', '--speed', 'max')).toMatchObject({
    capture: DEMO_CAPTURE,
    loop: true,
    speed: 'max',
  })
  expect(optionsFrom('--capture', 'other.jsonl', '--until', '9')).toMatchObject({ capture: 'other.jsonl', untilSeq: 9 })
})

test.each([
  ['--loop'],
  ['--speed', '2'],
  ['--copies', '2'],
  ['--until', '9'],
  ['--keep-times'],
  ['--start-after', '3'],
])('%s without --capture is refused, and the way out is named', (...words) => {
  expect(() => optionsFrom(...words)).toThrow(new RegExp(`^${words[0]} says how a capture is played.*--capture demo`))
})

test.each([['--markets', '5'], ['--life', '2m'], ['--signal']])('%s with --capture is refused', (...words) => {
  expect(() => optionsFrom('--capture', 'demo', ...words)).toThrow(`${words[0]} says how a world is`)
})

test.each(['2m-1m', 'soon', '1m-2m-3m', ''])('--life %s is refused with what is needed', (text) => {
  expect(() => optionsFrom('--life', text)).toThrow('needed: two durations')
})

test.each([addExchange, addStart])('--faults help tells what can go wrong, and starts nothing', async (add) => {
  const written = vi.spyOn(process.stdout, 'write').mockReturnValue(true)
  const program = new Command().exitOverride()
  add(program)
  try {
    await program.parseAsync(['node', 'kalshiflow', program.commands[0]!.name(), '--faults', 'help'])
    expect(written.mock.calls.join('')).toContain('stall=5s@30s')
  } finally {
    written.mockRestore()
  }
})
