/** What ships besides our own code: pinned by digests, without install scripts of its own, and audited where that is answered. */
import { spawnSync } from 'node:child_process'
import { resolve } from 'node:path'
import { expect, test } from 'vitest'

test('no package that ships runs a script at install or lacks its digest, and none is known to be vulnerable', () => {
  const { status, stdout } = spawnSync('node', ['scripts/audit.mjs'], {
    cwd: resolve(import.meta.dirname, '../..'),
    encoding: 'utf8',
    timeout: 90_000,
  })
  // A registry that answers no audits leaves it unknown, and says so.
  expect(stdout).toMatch(/audit: (the registry knows of 0 vulnerabilities|not known: )/)
  expect(status).toBe(0)
}, 100_000)
