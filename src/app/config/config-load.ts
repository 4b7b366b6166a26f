/** The thin shell around {@link readConfig}: the only code that reads `process.env` and the `.env` file. */
import { readFileSync } from 'node:fs'
import { homedir } from 'node:os'
import { type ConfigSources, readConfig } from './config.ts'
import { type Dotenv, parseDotenv } from './config-dotenv.ts'

export type LoadOptions = Pick<ConfigSources, 'overrides' | 'needsKey'> & {
  /** `.env` in the working folder unless told. */
  readonly file?: string
}

/** The configuration of this process; throws a ConfigError. A missing `.env` is fine, an unreadable one is a fault. */
export function loadConfig({ file = '.env', ...options }: LoadOptions = {}): ReturnType<typeof readConfig> {
  const { values, faults } = readDotenv(file)
  return readConfig({
    ...options,
    environment: process.env,
    dotenv: values,
    dotenvFaults: faults,
    terminal: process.stderr.isTTY === true,
    home: homedir(),
  })
}

function readDotenv(file: string): Dotenv {
  try {
    return parseDotenv(readFileSync(file, 'utf8'), file)
  } catch (error) {
    const { code = 'unknown error' } = error as NodeJS.ErrnoException
    if (code === 'ENOENT') return { values: {}, faults: [] }
    const found = code === 'EISDIR' ? 'a folder' : `a file that cannot be read (${code})`
    return {
      values: {},
      faults: [
        { name: file, found, needed: 'a readable text file', remedy: 'Mend its owner and mode, or move it away.' },
      ],
    }
  }
}
