/**
 * `npm run build`, and what npm runs before it packs: the TypeScript of src/ as JavaScript in dist/, since Node takes no
 * `.ts` from node_modules. Plain JavaScript, for the oldest Node that we accept.
 */
import { spawnSync } from 'node:child_process'
import { cpSync, existsSync, readdirSync, rmSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = resolve(dirname(fileURLToPath(import.meta.url)), '..')
const dist = join(root, 'dist')

rmSync(dist, { recursive: true, force: true })
const compiler = join(root, 'node_modules', '.bin', 'tsc')
const { status, error } = spawnSync(compiler, ['-p', 'tsconfig.build.json'], { cwd: root, stdio: 'inherit' })
if (error !== undefined) {
  process.stderr.write(`build: could not run ${relative(root, compiler)} (${error.message}); run npm ci first\n`)
  process.exit(1)
}
if (status !== 0) process.exit(status ?? 1)

// Whatever the compiler leaves behind goes along: SQL, pages, pictures.
for (const file of walk(join(root, 'src'))) {
  if (!/\.(ts|tsx)$/.test(file)) cpSync(file, join(dist, relative(join(root, 'src'), file)))
}
if (!existsSync(join(dist, 'domain', 'index.js'))) {
  process.stderr.write('build: the compiler ended well and left no dist/domain/index.js\n')
  process.exit(1)
}

function* walk(folder) {
  for (const entry of readdirSync(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name)
    if (entry.isDirectory()) yield* walk(path)
    else yield path
  }
}
