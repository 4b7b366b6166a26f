import { createServer } from 'node:net'
import { describe, expect, it } from 'vitest'
import { checkGiven, describeUrl, type GivenFacts, judgeGiven } from './given-database.ts'

const SECRET = 'hunter2-s3cret'

const fit: GivenFacts = {
  version: '17.2',
  number: '170002',
  is_standby: false,
  read_only: 'off',
  may_create: true,
  schema_exists: false,
  may_use: false,
}
const judge = (facts: Partial<GivenFacts>) => judgeGiven({ ...fit, ...facts }, 'db', 'kalshiflow')?.code

describe('a given server', () => {
  it('is fit from PostgreSQL 15 on, when our schema can be made or used', () => {
    expect(judge({})).toBeUndefined()
    expect(judge({ number: '150000' })).toBeUndefined()
    expect(judge({ may_create: false, schema_exists: true, may_use: true })).toBeUndefined()
  })

  it('is refused when it is too old, takes no writes, or gives us no rights', () => {
    expect(judge({ number: '140015', version: '14.15' })).toBe('FLOW_DB_TOO_OLD')
    expect(judge({ is_standby: true })).toBe('FLOW_DB_READ_ONLY')
    expect(judge({ read_only: 'on' })).toBe('FLOW_DB_READ_ONLY')
    expect(judge({ may_create: false })).toBe('FLOW_DB_RIGHTS')
    expect(judge({ schema_exists: true, may_use: false })).toBe('FLOW_DB_RIGHTS')
  })

  it('is named in messages without its password, its options and their secrets', () => {
    expect(describeUrl(`postgres://me:${SECRET}@db.example:6543/books?sslpassword=${SECRET}`)).toBe(
      'me@db.example:6543/books',
    )
    expect(describeUrl('postgresql:///books?host=/run/postgresql')).toBe('/run/postgresql/books')
  })

  it.each(['', 'books', `mysql://me:${SECRET}@h/d`, `postgresql://me:${SECRET}@h:notaport/d`])(
    'is refused when its URL is none, without quoting it (%#)',
    async (url) => {
      const error = await checkGiven(url, 'kalshiflow').catch((thrown: unknown) => thrown)
      expect(error).toMatchObject({ code: 'FLOW_DB_URL' })
      expect(everythingIn(error)).not.toContain(SECRET)
    },
  )

  it('that nobody answers for is unreachable, and one that hangs up is too', async () => {
    const server = createServer((socket) => socket.destroy())
    const port = await new Promise<number>((done) => {
      server.listen(0, '127.0.0.1', () => done((server.address() as { port: number }).port))
    })
    const url = `postgresql://me:${SECRET}@127.0.0.1:${port}/d`
    const hungUp = await checkGiven(url, 'kalshiflow').catch((thrown: unknown) => thrown)
    await new Promise((done) => server.close(done))
    const silent = await checkGiven(url, 'kalshiflow').catch((thrown: unknown) => thrown)
    for (const error of [hungUp, silent]) {
      expect(error).toMatchObject({ code: 'FLOW_DB_UNREACHABLE' })
      expect(everythingIn(error)).not.toContain(SECRET)
    }
  })
})

/** All that a log could print of an error. */
function everythingIn(error: unknown): string {
  const { message, stack, cause, ...fields } = error as Error
  return [message, stack, JSON.stringify(fields), cause === undefined ? '' : everythingIn(cause)].join('\n')
}
