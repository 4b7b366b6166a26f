/** The thin shell around {@link readConfig}: the only code that reads `process.env` and the `.env` file. */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { type ConfigSources, readConfig } from './config.ts'
import { type Dotenv, parseDotenv } from './config-dotenv.ts'
import { PROFILE_NAME } from './config-fields.ts'

export type LoadOptions = Pick<ConfigSources, 'overrides' | 'needsKey'> & {
  /** Named on the command line; else KALSHIFLOW_PROFILE of the environment. */
  readonly profile?: string | undefined
  /** `.env` in the working folder unless told, or `.env.<profile>`. */
  readonly file?: string
  /** Takes what can be read of the file, whatever is wrong with it: for `doctor`, which has told its faults. */
  readonly toleratesFile?: boolean
}

/**
 * The configuration of this process; throws a ConfigError. A missing `.env` is fine; an unreadable one is a fault, and so is
 * a missing one of a profile: a name mistyped must not record something else.
 */
export function loadConfig({
  profile,
  file,
  overrides,
  toleratesFile = false,
  ...options
}: LoadOptions = {}): ReturnType<typeof readConfig> {
  const named = profile ?? (process.env['KALSHIFLOW_PROFILE']?.trim() || undefined)
  // A name that is none is told as a fault of the setting; no file is looked for.
  const isName = named !== undefined && PROFILE_NAME.test(named)
  const dotenvName = file ?? (isName ? `.env.${named}` : '.env')
  const { values, faults } = readDotenv(dotenvName, isName && file === undefined)
  return readConfig({
    ...options,
    overrides: { ...overrides, ...(profile === undefined ? {} : { KALSHIFLOW_PROFILE: profile }) },
    environment: process.env,
    dotenv: values,
    dotenvName,
    dotenvFaults: toleratesFile ? [] : faults,
    terminal: process.stderr.isTTY === true,
    home: homedir(),
  })
}

function readDotenv(file: string, isNeeded: boolean): Dotenv {
  try {
    return parseDotenv(readFileSync(file, 'utf8'), file)
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') {
      const needed = 'the file of the profile that was named, in the working folder'
      const remedy = 'Make it from .env.example (it may be empty), or name another profile.'
      return { values: {}, faults: isNeeded ? [{ name: file, needed, remedy }] : [] }
    }
    const found = code === 'EISDIR' ? 'a folder' : `a file that cannot be read (${code})`
    return {
      values: {},
      faults: [
        { name: file, found, needed: 'a readable text file', remedy: 'Mend its owner and mode, or move it away.' },
      ],
    }
  }
}
