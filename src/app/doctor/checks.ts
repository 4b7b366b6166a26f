/** All checks, in the order in which people read them. */
import { alerts } from './alerts.ts'
import { archive } from './archive.ts'
import type { Check } from './check.ts'
import { clock } from './clock.ts'
import { dataFolder } from './data-folder.ts'
import { database } from './database.ts'
import { diskSpace } from './disk-space.ts'
import { diskSync } from './disk-sync.ts'
import { dns } from './dns.ts'
import { exchange } from './exchange.ts'
import { journal } from './journal.ts'
import { key } from './key.ts'
import { keyScopes } from './key-scopes.ts'
import { limits } from './limits.ts'
import { port } from './port.ts'
import { recorder } from './recorder.ts'
import { settings } from './settings.ts'
import { versions } from './versions.ts'

export const CHECKS: readonly Check[] = [
  settings,
  versions,
  limits,
  key,
  keyScopes,
  dns,
  exchange,
  clock,
  dataFolder,
  diskSpace,
  diskSync,
  journal,
  recorder,
  database,
  port,
  archive,
  alerts,
]
