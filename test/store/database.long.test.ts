import { execFile, execFileSync, spawn } from 'node:child_process'
import { existsSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { chmod, chown, cp, mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import { describe, expect, it } from 'vitest'
import { type DatabaseEvent, openDatabase } from '#store'
import { findPackage } from '../../src/store/embedded/binaries.ts'
import { POSTGRES_VERSIONS, startPostgres } from '../support/postgres.ts'
import { ask, eventually, Holder, isRoot, NOBODY, serversUnder, withFolder } from './database-support.ts'

/** Opens, collecting the kinds of event into the lease's side. */
async function open(dataFolder: string, binariesFolder?: string) {
  const events: DatabaseEvent[] = []
  const lease = await openDatabase({ dataFolder, binariesFolder, onEvent: (event) => events.push(event) })
  const find = <Kind extends DatabaseEvent['kind']>(kind: Kind) =>
    events.find((event): event is Extract<DatabaseEvent, { kind: Kind }> => event.kind === kind)
  return { lease, events, find, kinds: () => events.map(({ kind }) => kind) }
}

const access = (dataFolder: string) =>
  JSON.parse(readFileSync(join(dataFolder, 'postgres-access.json'), 'utf8')) as { port: number; home?: string }

describe('the start lock', () => {
  it('never lets two programs in together', async () => {
    await withFolder(async (folder) => {
      const visitors = Array.from({ length: 4 }, () => {
        const args = ['--conditions=source', join(import.meta.dirname, 'lock-visitor.ts'), folder, '150']
        return new Promise((done) => execFile(process.execPath, args, (error) => done(error?.message)))
      })
      expect(await Promise.all(visitors)).toEqual([undefined, undefined, undefined, undefined])
      expect(readdirSync(folder)).toEqual([])
    })
  })
})

describe('the embedded database after a crash', () => {
  it('starts again when holder and server were killed together, with everything committed', async () => {
    await withFolder(async (dataFolder) => {
      const killed = new Holder(dataFolder)
      const { url } = await killed.said('held')
      await ask(url, 'CREATE TABLE kept AS SELECT 7 AS n')
      await killed.kill()
      for (const pid of serversUnder(dataFolder)) process.kill(pid, 'SIGKILL')
      const { lease } = await open(dataFolder)
      expect(lease.url).toBe(url)
      expect(await ask(lease.url, 'SELECT n FROM kept')).toBe(7)
      await lease.release()
      expect(serversUnder(dataFolder)).toEqual([])
    })
  })

  it('opens whenever its first program was killed while it made the database', async () => {
    await withFolder(async (folder) => {
      for (let instant = 0; instant < 10; instant++) {
        const dataFolder = join(folder, `killed-${instant}`)
        const killed = new Holder(dataFolder)
        await eventually(() => expect(existsSync(join(dataFolder, 'postgres-leases'))).toBe(true))
        await sleep(instant * 110)
        await killed.kill()
        const { lease } = await open(dataFolder)
        expect(await ask(lease.url, 'SELECT 7')).toBe(7)
        await lease.release()
        expect(readdirSync(dataFolder).filter((name) => name.startsWith('postgres-unfinished'))).toEqual([])
      }
      expect(serversUnder(folder)).toEqual([])
    })
  })

  it('is not fooled by a lock file whose process number means somebody else now', async () => {
    await withFolder(async (dataFolder) => {
      await (await open(dataFolder)).lease.release()
      // A process of the server's own user: any other PostgreSQL itself takes for a stranger.
      const { uid, gid } = statSync(join(dataFolder, 'postgres'))
      const stranger = spawn('sleep', ['60'], isRoot ? { uid, gid } : {})
      const stale = `${stranger.pid}\n${join(dataFolder, 'postgres')}\n1\n20000\n\n127.0.0.1\n1 1\nready\n`
      writeFileSync(join(dataFolder, 'postgres', 'postmaster.pid'), stale)
      const { lease, kinds } = await open(dataFolder)
      expect(kinds()).toEqual(['database_started'])
      expect(stranger.exitCode).toBeNull()
      stranger.kill()
      await lease.release()
    })
  })

  it('takes another port when its own is taken at a start, and keeps it while anybody holds a lease', async () => {
    await withFolder(async (dataFolder) => {
      const first = await open(dataFolder)
      await first.lease.release()
      const squatter = await listen(access(dataFolder).port)
      const { lease, find } = await open(dataFolder)
      expect(lease.url).not.toBe(first.lease.url)
      expect(await ask(lease.url, 'SELECT 7')).toBe(7)
      await close(squatter)

      process.kill(serversUnder(dataFolder)[0]!, 'SIGKILL')
      const second = await listen(access(dataFolder).port)
      await eventually(() => expect(find('database_start_retried')).toBeDefined())
      await close(second)
      await eventually(() => expect(find('database_restarted')).toBeDefined())
      expect(await ask(lease.url, 'SELECT 7')).toBe(7)
      await lease.release()
    })
  })

  it('ends with the last of many programs that come, go and are killed', async () => {
    await withFolder(async (dataFolder) => {
      const holders = Array.from({ length: 6 }, () => new Holder(dataFolder))
      const held = await Promise.all(holders.map((holder) => holder.said('held')))
      expect(new Set(held.map(({ url }) => url)).size).toBe(1)
      expect(serversUnder(dataFolder)).toHaveLength(1)
      await Promise.all(holders.map((holder, index) => (index % 2 === 0 ? holder.kill() : holder.release())))
      const { lease, kinds } = await open(dataFolder)
      await lease.release()
      expect(kinds().at(-1)).toBe('database_stopped')
      expect(serversUnder(dataFolder)).toEqual([])
    })
  })

  it('does not hear Ctrl-C, which a terminal sends to a whole group', async () => {
    await withFolder(async (dataFolder) => {
      const { lease } = await open(dataFolder)
      const server = serversUnder(dataFolder)[0]!
      const session = (pid: number) => readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ')[1]!.split(' ')[3]
      expect(session(server)).toBe(String(server))
      await lease.release()
    })
  })

  it('stops at once where a client holds a transaction open', async () => {
    await withFolder(async (dataFolder) => {
      const { lease, find } = await open(dataFolder)
      const busy = ask(lease.url, 'SELECT pg_sleep(60)').catch(() => 'cut')
      await sleep(300)
      await lease.release()
      expect(await busy).toBe('cut')
      expect(find('database_stopped')).toMatchObject({ how: 'fast' })
    })
  })
})

describe('the embedded database’s files', () => {
  it('of another major version are kept aside, and a fresh database is made', async () => {
    await withFolder(async (dataFolder) => {
      await (await open(dataFolder)).lease.release()
      writeFileSync(join(dataFolder, 'postgres', 'PG_VERSION'), '17\n')
      const { lease, find } = await open(dataFolder)
      const { keptAt, found, needed } = find('database_kept_aside')!
      expect([found, needed]).toEqual(['PostgreSQL 17', 'PostgreSQL 18'])
      expect(readFileSync(join(keptAt, 'PG_VERSION'), 'utf8')).toBe('17\n')
      expect(await ask(lease.url, 'SELECT 7')).toBe(7)
      await lease.release()
    })
  })

  it('that are no database are kept aside too', async () => {
    await withFolder(async (dataFolder) => {
      await mkdir(join(dataFolder, 'postgres'))
      await writeFile(join(dataFolder, 'postgres', 'letter.txt'), 'dear')
      const { lease, find } = await open(dataFolder)
      expect(readFileSync(join(find('database_kept_aside')!.keptAt, 'letter.txt'), 'utf8')).toBe('dear')
      await lease.release()
    })
  })

  it('keep what is in them when the password is lost, and when the folder is moved', async () => {
    await withFolder(async (folder) => {
      const dataFolder = join(folder, 'here')
      const first = await open(dataFolder)
      await ask(first.lease.url, 'CREATE TABLE kept AS SELECT 7 AS n')
      await first.lease.release()
      rmSync(join(dataFolder, 'postgres-access.json'))
      const second = await open(dataFolder)
      expect(second.kinds()).toEqual(['database_password_renewed', 'database_started'])
      expect(await ask(second.lease.url, 'SELECT n FROM kept')).toBe(7)
      await expect(ask(first.lease.url, 'SELECT 7')).rejects.toThrow()
      await second.lease.release()

      const path = join(dataFolder, 'postgres-access.json')
      const other = { ...access(dataFolder), password: '0123456789abcdef'.repeat(3) }
      writeFileSync(path, JSON.stringify(other))
      const renewed = await open(dataFolder)
      expect(renewed.kinds()).toEqual(['database_password_renewed', 'database_started'])
      expect(await ask(renewed.lease.url, 'SELECT n FROM kept')).toBe(7)
      await renewed.lease.release()

      execFileSync('mv', [dataFolder, join(folder, 'there')])
      const third = await open(join(folder, 'there'))
      expect(await ask(third.lease.url, 'SELECT n FROM kept')).toBe(7)
      await third.lease.release()
    })
  })
})

describe.runIf(isRoot)('the embedded database as root (needs root to be shown)', () => {
  it('goes where its user can, says so, and stays there; a new data folder does not get an old one’s database', async () => {
    await withFolder(async (folder) => {
      await chmod(folder, 0o700)
      const dataFolder = join(folder, 'kalshiflow')
      const first = await open(dataFolder)
      const { home } = access(dataFolder)
      try {
        expect(first.find('database_elsewhere')).toMatchObject({ wanted: dataFolder, folder: home })
        expect(statSync(join(home!, 'postgres')).uid).not.toBe(0)
        await ask(first.lease.url, 'CREATE TABLE kept AS SELECT 7 AS n')
        await first.lease.release()
        const second = await open(dataFolder)
        expect(await ask(second.lease.url, 'SELECT n FROM kept')).toBe(7)
        await second.lease.release()
        expect(second.kinds()).toEqual(['database_started', 'database_stopped'])

        await rm(dataFolder, { recursive: true })
        const third = await open(dataFolder)
        expect(third.find('database_kept_aside')).toMatchObject({ found: 'of an earlier data folder' })
        await expect(ask(third.lease.url, 'SELECT n FROM kept')).rejects.toThrow('does not exist')
        await third.lease.release()
      } finally {
        await rm(home!, { recursive: true, force: true })
      }
    })
  })

  it('copies binaries that its user cannot reach', async () => {
    await withFolder(async (folder) => {
      const native = await copyPackage(join(folder, 'package'))
      await chmod(join(native, 'bin'), 0o700)
      const dataFolder = join(folder, 'kalshiflow')
      const { lease, find } = await open(dataFolder, native)
      expect(find('database_binaries_copied')).toMatchObject({ reason: expect.stringContaining('cannot be run') })
      expect(await ask(lease.url, 'SELECT 7')).toBe(7)
      await lease.release()
      const again = await open(dataFolder, native)
      expect(again.kinds()).toEqual(['database_started'])
      await again.lease.release()
    })
  })

  it('run by an ordinary user belongs to that user, with binaries of a package that is read-only and has no links', async () => {
    await withFolder(async (folder) => {
      const native = await copyPackage(join(folder, 'package'))
      const dataFolder = join(folder, 'kalshiflow')
      await mkdir(dataFolder)
      await chown(dataFolder, NOBODY, NOBODY)
      const holder = new Holder(dataFolder, { uid: NOBODY, binariesFolder: native })
      const { url } = await holder.said('held')
      expect(holder.find('database_binaries_copied')).toMatchObject({ reason: expect.stringContaining('links') })
      expect(statSync(`/proc/${serversUnder(dataFolder)[0]}`).uid).toBe(NOBODY)
      expect(await ask(url, 'SELECT 7')).toBe(7)

      // Root joins and must not make it its own.
      const { lease, kinds } = await open(dataFolder, native)
      expect(kinds()).toEqual(['database_adopted'])
      await holder.release()
      process.kill(serversUnder(dataFolder)[0]!, 'SIGKILL')
      await eventually(() => expect(kinds()).toContain('database_restarted'))
      expect(statSync(`/proc/${serversUnder(dataFolder)[0]}`).uid).toBe(NOBODY)
      await lease.release()
      const last = new Holder(dataFolder, { uid: NOBODY, binariesFolder: native })
      await last.said('held')
      await last.release()
    })
  })

  it('of another user is refused with whose it is', async () => {
    await withFolder(async (dataFolder) => {
      await chmod(dataFolder, 0o777)
      await mkdir(join(dataFolder, 'postgres'))
      await chown(join(dataFolder, 'postgres'), 1, 1)
      const stranger = new Holder(dataFolder, { uid: NOBODY })
      expect(await stranger.said('refused')).toMatchObject({ code: 'FLOW_DB_OWNER' })
      await chmod(dataFolder, 0o755)
      const locked = new Holder(join(dataFolder, 'below'), { uid: NOBODY })
      expect(await locked.said('refused')).toMatchObject({ code: 'FLOW_DB_FOLDER' })
      await mkdir(join(dataFolder, 'roots', 'postgres-leases'), { recursive: true, mode: 0o700 })
      const hidden = new Holder(join(dataFolder, 'roots'), { uid: NOBODY })
      expect(await hidden.said('refused')).toMatchObject({ code: 'FLOW_DB_FOLDER' })
    })
  })
})

describe.runIf(POSTGRES_VERSIONS.includes(15))('PostgreSQL 15 as a given database (where it is installed)', () => {
  it('is used as it is', async () => {
    const server = await startPostgres(15)
    try {
      const lease = await openDatabase({ databaseUrl: server.url, dataFolder: '/nonexistent' })
      expect(lease.serverVersion).toMatch(/^15\./)
      await lease.release()
      expect(await ask(lease.url, 'SELECT 7')).toBe(7)
    } finally {
      await server.stop()
    }
  })
})

/** This platform's package as an install without scripts leaves it: no links. */
async function copyPackage(folder: string): Promise<string> {
  const native = join(folder, 'native')
  await cp(findPackage(), native, { recursive: true, verbatimSymlinks: true })
  const links = JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as { target: string }[]
  for (const { target } of links) await rm(join(folder, target), { force: true })
  return native
}

/** Takes a port as soon as it is free. */
async function listen(port: number): Promise<ReturnType<typeof createServer>> {
  const server = createServer()
  await eventually(async () => {
    await new Promise<void>((done, fail) => {
      server.once('error', fail)
      server.listen(port, '127.0.0.1', done)
    })
  })
  return server
}

function close(server: ReturnType<typeof createServer>): Promise<void> {
  return new Promise((done) => server.close(() => done()))
}
