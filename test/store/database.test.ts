import { readdirSync, statSync } from 'node:fs'
import { availableParallelism, loadavg } from 'node:os'
import { join, relative } from 'node:path'
import { describe, expect, it } from 'vitest'
import { type DatabaseEvent, lookAtEmbedded, openDatabase } from '#store'
import { ask, eventually, Holder, serversUnder, withFolder } from './database-support.ts'

describe('the embedded database', () => {
  it('is there within 3 s in an empty folder', async () => {
    await withFolder(async (dataFolder) => {
      const startedMs = performance.now()
      const lease = await openDatabase({ dataFolder })
      const ms = performance.now() - startedMs
      await lease.release()
      // The promise is for a machine with a core to spare; where others wait for one too, everything takes its share longer.
      const share = Math.max(1, loadavg()[0]! / availableParallelism())
      expect(ms / share).toBeLessThan(3_000)
    })
  })

  it('is made in an empty folder, on loopback alone, and gone after the last release', async () => {
    await withFolder(async (dataFolder) => {
      const events: DatabaseEvent[] = []
      const lease = await openDatabase({ dataFolder, onEvent: (event) => events.push(event) })

      expect(lease.kind).toBe('embedded')
      expect(lease.serverVersion).toMatch(/^18\./)
      expect(
        await ask(
          lease.url,
          "SELECT string_agg(name || '=' || setting, ' ' ORDER BY name) FROM pg_settings WHERE name IN ('fsync', 'synchronous_commit', 'full_page_writes', 'listen_addresses', 'unix_socket_directories', 'data_checksums')",
        ),
      ).toBe(
        'data_checksums=on fsync=on full_page_writes=on listen_addresses=127.0.0.1 synchronous_commit=on unix_socket_directories=',
      )
      expect(
        await ask(
          lease.url,
          'SELECT concat(datlocprovider, datlocale, pg_encoding_to_char(encoding)) FROM pg_database WHERE datname = current_database()',
        ),
      ).toBe('bC.UTF-8UTF8')
      await expect(ask(lease.url.replace(/:[0-9a-f]{48}@/, ':wrong@'), 'SELECT 1')).rejects.toThrow('password')
      expect(statSync(join(dataFolder, 'postgres-access.json')).mode & 0o777).toBe(0o600)
      // However the folder is named: ./data/sim is the usual one.
      expect((await lookAtEmbedded(relative('', dataFolder))).url).toBe(lease.url)

      await Promise.all([lease.release(), lease.release()])
      expect(events.map(({ kind }) => kind)).toEqual(['database_created', 'database_started', 'database_stopped'])
      expect(serversUnder(dataFolder)).toEqual([])
      expect(readdirSync(join(dataFolder, 'postgres-leases'))).toEqual([])
    })
  })

  it('is one server for two programs that start at once, and outlives the first to leave', async () => {
    await withFolder(async (dataFolder) => {
      const holders = [new Holder(dataFolder), new Holder(dataFolder)]
      const [one, two] = await Promise.all(holders.map((holder) => holder.said('held')))
      expect(two!.url).toBe(one!.url)
      const kinds = holders.flatMap(({ lines }) => lines.map(({ kind }) => kind))
      expect(kinds.filter((kind) => kind === 'database_created')).toHaveLength(1)
      expect(kinds.filter((kind) => kind === 'database_started')).toHaveLength(1)
      expect(kinds.filter((kind) => kind === 'database_adopted')).toHaveLength(1)

      await holders[0]!.release()
      expect(await ask(one!.url, 'SELECT 7')).toBe(7)
      await holders[1]!.release()
      expect(serversUnder(dataFolder)).toEqual([])
    })
  })

  it('survives a holder that is killed, and the next one adopts and stops it', async () => {
    await withFolder(async (dataFolder) => {
      const killed = new Holder(dataFolder)
      const { url } = await killed.said('held')
      await killed.kill()
      expect(await ask(url, 'SELECT 7')).toBe(7)

      const events: DatabaseEvent[] = []
      const lease = await openDatabase({ dataFolder, onEvent: (event) => events.push(event) })
      expect(lease.url).toBe(url)
      await lease.release()
      expect(events.map(({ kind }) => kind)).toEqual(['database_adopted', 'database_stopped'])
      expect(serversUnder(dataFolder)).toEqual([])
    })
  })

  it('comes back at the same address, with everything committed, when the server is killed again and again', async () => {
    await withFolder(async (dataFolder) => {
      const events: DatabaseEvent[] = []
      const lease = await openDatabase({ dataFolder, onEvent: (event) => events.push(event) })
      await ask(lease.url, 'CREATE TABLE kept (n int)')
      for (let n = 1; n <= 2; n++) {
        await ask(lease.url, `INSERT INTO kept VALUES (${n})`)
        process.kill(serversUnder(dataFolder)[0]!, 'SIGKILL')
        await eventually(() => expect(events.filter(({ kind }) => kind === 'database_restarted')).toHaveLength(n))
        expect(await ask(lease.url, 'SELECT count(*)::int FROM kept')).toBe(n)
      }
      await lease.release()
      expect(serversUnder(dataFolder)).toEqual([])
    })
  })

  it('comes back once when two programs hold it and the server is killed', async () => {
    await withFolder(async (dataFolder) => {
      const other = new Holder(dataFolder)
      const { url } = await other.said('held')
      const events: DatabaseEvent[] = []
      const lease = await openDatabase({ dataFolder, onEvent: (event) => events.push(event) })
      process.kill(serversUnder(dataFolder)[0]!, 'SIGKILL')
      await other.said('database_restarted')
      await eventually(() => expect(events.map(({ kind }) => kind)).toContain('database_restarted'))
      expect(lease.url).toBe(url)
      expect(await ask(url, 'SELECT 7')).toBe(7)
      const starts = [...other.lines, ...events].filter(({ kind }) => kind === 'database_started')
      expect(starts).toHaveLength(2)
      await Promise.all([other.release(), lease.release()])
      expect(serversUnder(dataFolder)).toEqual([])
    })
  })
})

describe('a given database', () => {
  it('is checked and used as it is, and wrong passwords, names and rights are told apart without a secret', async () => {
    await withFolder(async (dataFolder) => {
      const server = await openDatabase({ dataFolder })
      const password = new URL(server.url).password
      const as = (user: string, secret: string) => server.url.replace(`kalshiflow:${password}@`, `${user}:${secret}@`)
      const refusal = (databaseUrl: string) =>
        openDatabase({ databaseUrl, dataFolder: '/nonexistent' }).then(
          () => expect.unreachable(),
          (error: Error & { code: string }) => {
            expect(`${error.message} ${JSON.stringify(error)}`).not.toContain(password)
            expect(`${error.message} ${JSON.stringify(error)}`).not.toContain('s3cret')
            return error.code
          },
        )
      await ask(server.url, "CREATE ROLE guest LOGIN PASSWORD 's3cret'")
      expect(await refusal(as('kalshiflow', 'wr0ng'))).toBe('FLOW_DB_LOGIN')
      expect(await refusal(as('nobody-there', 's3cret'))).toBe('FLOW_DB_LOGIN')
      expect(await refusal(server.url.replace(`:${password}@`, '@'))).toBe('FLOW_DB_LOGIN')
      expect(await refusal(server.url.replace(/kalshiflow$/, 'elsewhere'))).toBe('FLOW_DB_NO_DATABASE')
      expect(await refusal(as('guest', 's3cret'))).toBe('FLOW_DB_RIGHTS')
      await ask(server.url, 'ALTER ROLE guest SET default_transaction_read_only = on')
      expect(await refusal(as('guest', 's3cret'))).toBe('FLOW_DB_READ_ONLY')
      await ask(server.url, 'ALTER ROLE guest RESET default_transaction_read_only')
      await ask(server.url, 'CREATE SCHEMA kalshiflow AUTHORIZATION guest')

      const given = await openDatabase({ databaseUrl: as('guest', 's3cret'), dataFolder: '/nonexistent' })
      expect(given).toMatchObject({ kind: 'given', url: as('guest', 's3cret'), serverVersion: server.serverVersion })
      await given.release()
      expect(await ask(given.url, 'SELECT 7')).toBe(7)
      await server.release()
    })
  })
})
