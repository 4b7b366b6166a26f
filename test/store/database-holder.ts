/** A program that holds a lease, for tests that need several or must kill one: events and the lease as JSON lines, `release` on its input. */
import { DatabaseError, openDatabase } from '#store'

const [, , dataFolder = '', binariesFolder] = process.argv
const tell = (line: unknown) => process.stdout.write(`${JSON.stringify(line)}\n`)

try {
  const lease = await openDatabase({ dataFolder, onEvent: tell, binariesFolder })
  tell({ kind: 'held', url: lease.url, serverVersion: lease.serverVersion })
  process.stdin.on('data', async () => {
    await lease.release()
    tell({ kind: 'released' })
    process.exit(0)
  })
} catch (error) {
  tell({ kind: 'refused', code: error instanceof DatabaseError ? error.code : 'UNKNOWN', message: String(error) })
  process.exit(1)
}
