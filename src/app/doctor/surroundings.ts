/**
 * What the checks look at: the settings, also where some of them are wrong, and the data folder that `start` would take.
 *
 * A setting at fault hides nothing else: it is told, and the others are looked at as if it had not been set.
 */
import type { Environment } from '#domain'
import { dataFolderOf, overridesOf } from '../commands/shared.ts'
import type { Config } from '../config/config.ts'
import { ConfigError, type ConfigFault, type ConfigNotice } from '../config/config-error.ts'
import { loadConfig } from '../config/config-load.ts'
import { isSettingName } from '../config/config-settings.ts'

export type Surroundings = {
  readonly config: Config
  readonly faults: readonly ConfigFault[]
  readonly notices: readonly ConfigNotice[]
  readonly environment: Environment
  readonly dataFolder: string
  /** Nothing beyond this machine is asked. */
  readonly isOffline: boolean
}

export type SurroundingsFlags = {
  readonly data?: string
  readonly profile?: string
  readonly database?: string
  readonly offline?: boolean
}

/** Faults hide one another at most so often: one round for each kind of check. */
const ROUNDS_MAX = 5

/** A fault in one of these is a fault in how they go together. */
const KEY: readonly string[] = ['KALSHI_API_KEY_ID', 'KALSHI_PRIVATE_KEY_PATH', 'KALSHI_PRIVATE_KEY_CONTENT']

/** Throws a ConfigError only where not even the settings that are right can be read. */
export function lookAround(flags: SurroundingsFlags): Surroundings {
  const { profile } = flags
  const faults: ConfigFault[] = []
  let overrides = overridesOf(flags)
  for (let round = 0; ; round++) {
    try {
      const needsKey = round === 0 ? 'if_chosen' : 'never'
      const { config, notices } = loadConfig({ profile, needsKey, overrides, toleratesFile: round > 0 })
      const dataFolder = flags.data ?? dataFolderOf(config)
      const environment = config.exchangeChosen ? config.environment : 'sim'
      return { config, faults, notices, environment, dataFolder, isOffline: flags.offline === true }
    } catch (error) {
      if (!(error instanceof ConfigError) || round === ROUNDS_MAX) throw error
      for (const each of error.faults) if (!faults.some(({ name }) => name === each.name)) faults.push(each)
      const names = error.faults.flatMap(({ name }) => (KEY.includes(name) ? KEY : [name]))
      // An empty text hides what stands in the environment or the file.
      overrides = { ...overrides, ...Object.fromEntries(names.filter(isSettingName).map((name) => [name, ''])) }
    }
  }
}
