/**
 * DATA/postgres-access.json: how to reach the data folder's server, for its owner alone (mode 0600). It outlives the
 * server, so that the address stays the same from one start to the next.
 */
import { randomBytes } from 'node:crypto'
import { open, readFile, rename } from 'node:fs/promises'
import { createServer } from 'node:net'
import { join } from 'node:path'
import { codeOf } from './database-error.ts'

export type DatabaseAccess = {
  readonly port: number
  readonly password: string
  /** Where the server's files stand when that is not the data folder. */
  readonly home: string | undefined
}

export const USER = 'kalshiflow'
export const DATABASE = 'kalshiflow'
const HOST = '127.0.0.1'
/** Below the ranges that systems give to outgoing connections, so that none of those sits on our port at a restart. */
const PORT_MIN = 20_000
const PORT_MAX = 32_000
const PORT_TRIES = 200

/** The URL for any PostgreSQL client on this machine. It holds the password. */
export function urlOf({ port, password }: DatabaseAccess, database: string = DATABASE): string {
  return `postgresql://${USER}:${password}@${HOST}:${port}/${database}`
}

/** What the file says; `undefined` when it is not there or does not make sense. */
export async function readAccess(dataFolder: string): Promise<DatabaseAccess | undefined> {
  try {
    const text = await readFile(pathIn(dataFolder), 'utf8')
    const { port, password, home } = JSON.parse(text) as Record<string, unknown>
    if (typeof port !== 'number' || typeof password !== 'string' || !/^[0-9a-f]{32,}$/.test(password)) return undefined
    return { port, password, home: typeof home === 'string' ? home : undefined }
  } catch (error) {
    if (codeOf(error) === 'ENOENT' || error instanceof SyntaxError) return undefined
    throw error
  }
}

/** Replaces the file, durably. */
export async function writeAccess(dataFolder: string, access: DatabaseAccess): Promise<void> {
  const path = pathIn(dataFolder)
  const file = await open(`${path}.unfinished`, 'w', 0o600)
  try {
    await file.chmod(0o600)
    await file.writeFile(`${JSON.stringify({ user: USER, database: DATABASE, host: HOST, ...access }, undefined, 2)}\n`)
    await file.sync()
  } finally {
    await file.close()
  }
  await rename(`${path}.unfinished`, path)
}

export function makePassword(): string {
  return randomBytes(24).toString('hex')
}

/** A port of the loopback address that nobody listens on now. */
export async function findFreePort(): Promise<number> {
  for (let tries = 0; tries < PORT_TRIES; tries++) {
    const port = PORT_MIN + Math.floor(Math.random() * (PORT_MAX - PORT_MIN))
    if (await isFree(port)) return port
  }
  throw new Error(`no free port between ${PORT_MIN} and ${PORT_MAX} on ${HOST} in ${PORT_TRIES} tries`)
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const server = createServer()
    server.once('error', () => done(false))
    server.listen({ port, host: HOST }, () => server.close(() => done(true)))
  })
}

function pathIn(dataFolder: string): string {
  return join(dataFolder, 'postgres-access.json')
}
