/** A program that enters the start lock again and again, and fails when somebody else is inside: `folder rounds`. */
import { mkdirSync, rmdirSync } from 'node:fs'
import { join } from 'node:path'
import { withLock } from '../../src/store/embedded/start-lock.ts'

const [, , folder = '', rounds = '1'] = process.argv
const inside = join(folder, 'inside')

for (let round = 0; round < Number(rounds); round++) {
  await withLock(folder, { onEvent: () => {}, limitMs: 60_000 }, async () => {
    mkdirSync(inside)
    await new Promise((done) => setImmediate(done))
    rmdirSync(inside)
  })
}
