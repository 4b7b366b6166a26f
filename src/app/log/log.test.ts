import { spawnSync } from 'node:child_process'
import { inspect } from 'node:util'
import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { Secret } from '../config/secret.ts'
import { type LogOptions, openLog, wantsColour } from './log.ts'
import { redactLine } from './log-redact.ts'
import { RepeatedLines } from './log-repeats.ts'

function aLog(options: Partial<LogOptions> = {}) {
  const lines: string[] = []
  const open = openLog({
    level: 'info',
    format: 'json',
    ...options,
    destination: { write: (line) => lines.push(line) },
  })
  return { ...open, lines, json: () => lines.map((line) => JSON.parse(line) as Record<string, unknown>) }
}

describe('the log', () => {
  it('writes an event with its fields, a level by name and a time that people can read', () => {
    const { log, json } = aLog()
    log.child({ connection: 2 }).warn({ event: 'connection_lost', cause: 'disconnect' }, 'the line is gone')
    log.debug({ event: 'rest_retry' })
    expect(json()).toEqual([
      {
        level: 'warn',
        time: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
        connection: 2,
        event: 'connection_lost',
        cause: 'disconnect',
        msg: 'the line is gone',
      },
    ])
  })

  it('keeps an error with its code, message and cause', () => {
    const { log, json } = aLog()
    const error = Object.assign(new Error('outer', { cause: new Error('inner') }), { code: 'FLOW_X' })
    log.error({ event: 'journal_failed', error })
    expect(json()[0]!['error']).toMatchObject({ message: 'outer', code: 'FLOW_X', cause: { message: 'inner' } })
  })

  it('for people is a line with event and message, without colours unless they are wanted', () => {
    const plain = aLog({ format: 'pretty' })
    plain.log.info({ event: 'program_started', version: '0.1.0' }, 'hello')
    expect(plain.lines.join('')).toMatch(/INFO: program_started: hello \{"version":"0.1.0"\}\n$/)
    expect(plain.lines.join('')).not.toContain('\u001b[')
    const coloured = aLog({ format: 'pretty', colour: true })
    coloured.log.info({ event: 'program_started' }, 'hello')
    expect(coloured.lines.join('')).toContain('\u001b[')
  })

  it('has colours only on a terminal without NO_COLOR', () => {
    expect([
      wantsColour(true, {}),
      wantsColour(true, { NO_COLOR: '' }),
      wantsColour(true, { NO_COLOR: '0' }),
      wantsColour(false, {}),
    ]).toEqual([true, true, false, false])
  })

  it('goes to standard error alone, and its last line is there when the process ends at once', () => {
    const module = new URL('./log.ts', import.meta.url).href
    const code = `import { openLog } from '${module}'
      const { log } = openLog({ level: 'info', format: 'json' })
      for (let n = 0; n < 500; n++) log.info({ event: 'program_stopped', n })
      process.exit(3)`
    const ran = spawnSync(process.execPath, ['--conditions=source', '--input-type=module', '-e', code], {
      encoding: 'utf8',
    })
    expect([ran.status, ran.stdout, ran.stderr.trim().split('\n').length]).toEqual([3, '', 500])
    expect(ran.stderr).toContain('"n":499')
  })
})

describe('a secret', () => {
  const secret = new Secret('hunter2')

  it('prints as a mask, whatever prints it, and is had only by asking', () => {
    class Failure extends Error {
      readonly key = secret
    }
    const { log, lines } = aLog()
    log.warn(
      { event: 'key_warning', secret, deep: [{ secret }], error: new Failure(`with ${secret}`) },
      `and ${secret}`,
    )
    const shown = [
      `${secret}`,
      String(secret),
      JSON.stringify({ secret }),
      inspect(secret),
      inspect({ a: { b: { c: [secret] } } }, { depth: 9, showHidden: true }),
      inspect(new Failure(`${secret}`)),
      `${[secret]}`,
      lines.join(''),
    ]
    for (const each of shown) {
      expect(each).toContain('‹secret›')
      expect(each).not.toContain('hunter2')
    }
    expect(secret.reveal()).toBe('hunter2')
    expect(JSON.stringify(structuredClone({ secret }))).not.toContain('hunter2')
  })

  it('prints as a mask through the console', () => {
    const module = new URL('../config/secret.ts', import.meta.url).href
    const code = `import { Secret } from '${module}'; const secret = new Secret('hunter2'); console.log(secret, [secret], '%s %o', secret); console.table([{ secret }]); console.dir(secret); throw new Error('x', { cause: secret })`
    const ran = spawnSync(process.execPath, ['--input-type=module', '-e', code], { encoding: 'utf8' })
    expect(ran.stdout + ran.stderr.replaceAll(code, '')).toContain('‹secret›')
    expect((ran.stdout + ran.stderr).replaceAll(code, '').replaceAll("new Secret('hunter2')", '')).not.toContain(
      'hunter2',
    )
  })
})

describe('the second net', () => {
  const PEM = '-----BEGIN PRIVATE KEY-----\nhunter2\n-----END PRIVATE KEY-----'

  it.each([
    ['a key in a field', { note: PEM }],
    ['a key cut off', { note: PEM.slice(0, 40) }],
    ['a key in an error', { error: new Error(PEM) }],
    ['an address with a password', { url: 'postgresql://me:hunter2@host/db' }],
    ['a header', { headers: { authorization: 'Bearer hunter2' } }],
    ['a list of headers', { headers: { Authorization: ['hunter2', 'hunter2'] } }],
    ['a signature', { a: { b: { 'KALSHI-ACCESS-SIGNATURE': 'hunter2' } } }],
    ['a key id', { 'KALSHI-ACCESS-KEY': 'hunter2' }],
    ['a password with quotes', { password: 'a"hunter2\\"' }],
    ['an object', { secret: { inner: 'hunter2' } }],
    ['a number', { apiKey: 4242 }],
  ])('masks %s', (_, fields) => {
    const { log, lines, json } = aLog()
    log.info({ event: 'rest_retry', ...fields })
    expect(lines.join('')).not.toMatch(/hunter2|4242/)
    expect(lines.join('')).toContain('‹secret›')
    expect(json()).toHaveLength(1)
  })

  it('leaves other lines as they are', () => {
    const line =
      '{"level":"info","event":"rest_retry","url":"https://host/a?b=c","keyPath":"/k.pem","tokensLeft":5,"note":"a: b@c"}\n'
    expect(redactLine(line)).toBe(line)
  })

  it('keeps any line valid JSON, and does not take long for a long one', () => {
    fc.assert(
      fc.property(
        fc.dictionary(
          fc.constantFrom('password', 'note', 'x"token', 'a'),
          fc.oneof(fc.string(), fc.integer(), fc.constant(PEM), fc.array(fc.string())),
          { maxKeys: 4 },
        ),
        (fields) => {
          expect(() => JSON.parse(redactLine(JSON.stringify({ ...fields, end: 1 })))).not.toThrow()
        },
      ),
      { numRuns: 300 },
    )
    const from = performance.now()
    redactLine(
      JSON.stringify({
        password: '\\"'.repeat(200_000),
        note: 'a://'.repeat(200_000),
        begin: '-----BEGIN PRIVATE KEY-----'.repeat(1_000),
      }),
    )
    expect(performance.now() - from).toBeLessThan(2_000)
  })
})

describe('repeated lines', () => {
  const limits = { linesMax: 2, windowMs: 1_000, keysMax: 3 }

  it('are written up to the limit, which is said; the others are counted and told', () => {
    const { log, json } = aLog()
    let nowMs = 0
    const repeated = new RepeatedLines(log, () => nowMs, limits)
    for (let n = 1; n <= 5; n++) repeated.write('warn', { event: 'rest_retry', n })
    expect(json().map(({ n, limit }) => [n, limit])).toEqual([
      [1, undefined],
      [2, '2 in 1 s; more are counted'],
    ])
    repeated.tell()
    expect(json()).toHaveLength(2)
    nowMs = 1_000
    repeated.write('warn', { event: 'rest_retry', n: 6 })
    expect(json().slice(2)).toMatchObject([
      { event: 'log_repeats_held_back', of: 'rest_retry', heldBack: 3, linesMax: 2 },
      { n: 6 },
    ])
    repeated.write('warn', { event: 'rest_retry', n: 7 })
    repeated.write('warn', { event: 'rest_retry', n: 8 })
    repeated.tell(true)
    expect(json().at(-1)).toMatchObject({ of: 'rest_retry', heldBack: 1 })
  })

  it('remember a bounded number of keys and lose no count', () => {
    const { log, json } = aLog()
    const repeated = new RepeatedLines(log, () => 0, limits)
    for (let key = 0; key < 50; key++)
      for (let n = 0; n < 4; n++) repeated.write('warn', { event: 'rest_retry' }, undefined, `k${key}`)
    repeated.tell(true)
    const told = json().filter(({ event }) => event === 'log_repeats_held_back')
    expect([told.length, json().length - told.length]).toEqual([50, 100])
  })
})
