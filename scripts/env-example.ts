/**
 * Writes `.env.example` from the settings. With `--check` it writes nothing and exits 1 when the file is not the one it
 * would write.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { exampleText } from '../src/app/config/config-example.ts'

const file = resolve(import.meta.dirname, '..', '.env.example')

if (process.argv.includes('--check')) {
  let current = ''
  try {
    current = readFileSync(file, 'utf8')
  } catch {
    // Missing is out of date too, and said below.
  }
  if (current !== exampleText()) {
    process.stderr.write('.env.example is not what the settings say: run `npm run config:example`\n')
    process.exit(1)
  }
  process.stdout.write('.env.example: current\n')
} else {
  writeFileSync(file, exampleText())
  process.stdout.write(`wrote ${file}\n`)
}
