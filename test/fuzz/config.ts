/**
 * Settings, `.env` files, keys and log lines of anybody's making. Held: nothing but a coded error is thrown, no message
 * holds a secret, and none takes long.
 */
import { readFileSync } from 'node:fs'
import { resolve } from 'node:path'
import { readConfig } from '#app'
import { generateKeyPem } from '#exchange'
import type { SeededRandom } from '#journal'
import { KeyError, loadKey } from '#kalshi'
import { parseDotenv } from '../../src/app/config/config-dotenv.ts'
import { ConfigError } from '../../src/app/config/config-error.ts'
import { SETTING_NAMES } from '../../src/app/config/config-settings.ts'
import { redactLine } from '../../src/app/log/log-redact.ts'
import { type FuzzTarget, must } from './fuzz-target.ts'
import { mutateBytes, oneOf } from './mutate.ts'

const SECRET = 'canary-5b1f0c2e9d'
const VALUES = [
  '8001',
  '-1',
  '0x10',
  'true',
  'KXA,KXB',
  '127.0.0.1',
  '0.0.0.0',
  'wss://external-api-ws.kalshi.com/trade-api/ws/v2',
  'ws://127.0.0.1:7070/trade-api/ws/v2',
  `postgresql://u:${SECRET}@127.0.0.1:5432/db?sslmode=require`,
  `postgresql://${SECRET}@/db?host=/run`,
  'https://a.example',
  'pretty',
  '~/key.pem',
  '1.5',
  `${SECRET}-${SECRET}`,
  '‮\u0000\ud800',
  'x'.repeat(5_000),
  '9'.repeat(400),
]

export const config: FuzzTarget = {
  name: 'config',
  caseMsMax: 4_000,
  async open() {
    const pems = [await generateKeyPem('ed25519'), await generateKeyPem('ed25519')]
    const bodies = pems.map((pem) => pem.split('\n')[1]!)
    const example = readFileSync(resolve(import.meta.dirname, '../../.env.example'), 'utf8').replaceAll(
      /^# (?=[A-Z_]+=)/gm,
      '',
    )
    let last = ''
    const judge = (text: string) => {
      must(!text.includes(SECRET), `a message holds the secret: ${text.slice(0, 300)}`)
      for (const body of bodies) must(!text.includes(body.slice(24, 56)), 'a message holds a key')
    }
    return {
      run(random) {
        switch (random.below(4)) {
          case 0:
            last = textOf(mutateBytes(random, Buffer.from(`${example}\nDATABASE_URL="${VALUES[9]}"\n`)))
            return readDotenv(last, judge)
          case 1:
            last = textOf(
              mutateBytes(
                random,
                Buffer.from(oneOf(random, pems)),
                pems.map((pem) => Buffer.from(pem)),
              ),
            )
            return readKey(random.below(2) === 0 ? last : last.replaceAll('\n', '\\n'), judge)
          case 2: {
            const environment = settingsOf(random, pems)
            last = JSON.stringify(environment)
            return readSettings(environment, judge)
          }
          default: {
            const line = `{"event":"x","url":"postgresql://u:${SECRET}@h/d","deep":{"password":"${SECRET}"},"key":${JSON.stringify(pems[0])}}\n`
            last = textOf(mutateBytes(random, Buffer.from(line)))
            redactLine(last)
            judge(redactLine(line))
            return 'redacted'
          }
        }
      },
      lastInput: () => last,
      close() {},
    }
  },
}

const textOf = (bytes: Buffer): string => bytes.toString('utf8')

function settingsOf(random: SeededRandom, pems: readonly string[]): Record<string, string> {
  const names = Array.from({ length: 1 + random.below(8) }, () => oneOf(random, SETTING_NAMES))
  return Object.fromEntries(
    names.map((name) => {
      const value = oneOf(random, [...VALUES, ...pems])
      // A secret that is changed is another text; what is looked for is the whole one.
      return [
        name,
        random.below(3) === 0 && !value.includes(SECRET) ? textOf(mutateBytes(random, Buffer.from(value))) : value,
      ]
    }),
  )
}

/** Settings that hold secrets by their kind: put elsewhere, an unknown text cannot be known for one. */
const HOLDERS = ['DATABASE_URL', 'KALSHIFLOW_READ_TOKEN', 'KALSHIFLOW_ADMIN_TOKEN', 'KALSHI_PRIVATE_KEY_CONTENT']

function readSettings(environment: Record<string, string>, judge: (text: string) => void): string {
  const isMisplaced = ([name, value]: [string, string]) => !HOLDERS.includes(name) && /PRIVATE KEY|canary-/.test(value)
  const misplaced = Object.entries(environment).filter(isMisplaced)
  // The place of a password in an address is known wherever the address stands.
  const isKnowable = misplaced.every(([, value]) => value.startsWith('postgresql://u:'))
  try {
    const { config: read, notices } = readConfig({ environment })
    if (misplaced.length === 0) judge(JSON.stringify([read, notices]))
    return 'taken'
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    if (isKnowable) judge(error.message)
    return 'refused'
  }
}

function readDotenv(text: string, judge: (text: string) => void): string {
  const { values, faults } = parseDotenv(text, '.env')
  judge(JSON.stringify(faults))
  try {
    readConfig({ environment: {}, dotenv: values, dotenvFaults: faults })
    return 'dotenv taken'
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error
    return 'dotenv refused'
  }
}

function readKey(content: string, judge: (text: string) => void): string {
  try {
    loadKey({ content })
    return 'key taken'
  } catch (error) {
    if (!(error instanceof KeyError)) throw error
    judge(error.message)
    return error.code
  }
}
