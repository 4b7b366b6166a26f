/**
 * `node --conditions=source bench/world.ts`: the simulated world beside recorded frames, and what it costs.
 *
 * Prints a table and exits 1 when a figure is outside what docs/exchange-world.md allows. Speeds are of this machine,
 * as it is loaded now.
 */
import { LIFE_MS_DEFAULT, World } from '../src/exchange/world/index.ts'
import { COMPARED, compare } from './world-targets.ts'

const SEEDS = [1, 2, 3, 4, 5, 6]
const SECONDS = 300
const START_MS = 1_795_348_800_000
const SPEEDS = [
  { markets: 40, framesPerSecond: 200, seconds: 300 },
  { markets: 500, framesPerSecond: 10_000, seconds: 60 },
  { markets: 10_000, framesPerSecond: 10_000, seconds: 120 },
  { markets: 10_000, framesPerSecond: 500, seconds: 120 },
] as const

const print = (line: string) => process.stdout.write(`${line}\n`)
const short = (value: number) => String(Number(value.toPrecision(3)))

print(
  `${COMPARED.markets} markets at ${COMPARED.framesPerSecond} frames a second, seeds ${SEEDS.join(' ')}, ${SECONDS} s each, means over the seeds\n`,
)
print('| figure | recorded | simulated | allowed | |')
print('| --- | --- | --- | --- | --- |')
for (const { what, recorded, found, low, high, isWithin } of compare(SEEDS, SECONDS)) {
  print(`| ${what} | ${recorded} | ${short(found)} | ${low} to ${high} | ${isWithin ? '' : 'outside'} |`)
  if (!isWithin) process.exitCode = 1
}

print(
  '\n| markets | frames/s asked | told | happenings/s that one core makes | share of a core | to begin, ms | heap, MB |',
)
print('| --- | --- | --- | --- | --- | --- | --- |')
for (const { markets, framesPerSecond, seconds } of SPEEDS) {
  let happenings = 0
  const options = { seed: 1, markets, framesPerSecond, signal: false, lifeMs: LIFE_MS_DEFAULT, startUnixMs: START_MS }
  const beginMs = performance.now()
  const world = new World(options, (batch) => {
    happenings += batch.length
  })
  const runMs = performance.now()
  const cpu = process.cpuUsage()
  world.advance(START_MS + seconds * 1000)
  const { user, system } = process.cpuUsage(cpu)
  const cpuSeconds = (user + system) / 1e6
  const heap = Math.round(process.memoryUsage().heapUsed / 1e6)
  print(
    `| ${markets} | ${framesPerSecond} | ${short(world.framesTold / seconds)} | ${short(happenings / cpuSeconds)} | ${short(cpuSeconds / seconds)} | ${Math.round(runMs - beginMs)} | ${heap} |`,
  )
}
