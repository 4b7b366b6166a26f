/** `kalshiflow alert …`: whether alarms reach people, and which there are. Needs no recorder and no key. */
import { type Command, Option } from 'commander'
import {
  changeRules,
  figuresOf,
  LIFE_EVENTS,
  nameOf,
  pingDeadMan,
  type SendError,
  type SendResult,
  sendMessage,
  TARGET_KINDS,
} from '#alert'
import { TARGET_SETTINGS, targetsOf } from '../alert/alert-targets.ts'
import type { Config } from '../config/config.ts'
import { loadConfig } from '../config/config-load.ts'
import { VERSION } from '../version.ts'
import { EXIT } from './failure.ts'
import { print, printJson, table } from './output.ts'
import { type CommonFlags, withJson } from './shared.ts'

type TestFlags = CommonFlags & { readonly target?: string }

/** One try each: who tests wants to hear of the first failure. */
const TEST_LIMITS = { triesMax: 1, tryMsMax: 15_000, firstWaitMs: 0 }

export class NoTarget extends Error {
  override readonly name = 'NoTarget'
  readonly code = 'FLOW_NO_TARGET'
}

export function addAlert(program: Command): void {
  const alert = program
    .command('alert')
    .summary('alarms: test the targets, list the rules')
    .description('Alarms reach people by webhook, Slack and mail; docs/alerts.md says how to set them up.')
  withProfile(alert.command('test'))
    .addOption(new Option('--target <kind>', 'only this one').choices([...TARGET_KINDS, 'dead-man']))
    .description(
      'Sends a test message to each target that is set, and says what became of each. The dead-man is pinged only when it is\n' +
        'named: a ping says that all is well.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  kalshiflow alert test\n  kalshiflow alert test --target slack\n\n' +
        'Exit code: 0 every message was taken, 1 one was not, 2 could not run (no target is set, for one).',
    )
    .action(async (flags: TestFlags) => {
      process.exitCode = await testTargets(flags)
    })
  withProfile(alert.command('list'))
    .description('Every alarm with its hold and clear time and its limit, as KALSHIFLOW_ALERT_RULES leaves them.')
    .addHelpText('after', '\nExample:\n  kalshiflow alert list')
    .action((flags: CommonFlags) => listRules(load(flags), flags.json === true))
}

const withProfile = (command: Command): Command =>
  withJson(command).option('--profile <name>', 'settings from .env.<name>')

const load = ({ profile }: CommonFlags): Config => loadConfig({ needsKey: 'never', profile }).config

async function testTargets(flags: TestFlags): Promise<number> {
  const config = load(flags)
  const { target: kind } = flags
  const results = kind === 'dead-man' ? [await testDeadMan(config)] : await sendTest(config, kind)
  if (flags.json === true) printJson(results)
  else for (const each of results) print(lineOf(each))
  return results.every(({ sent }) => sent) ? EXIT.DONE : EXIT.FAULTS
}

async function sendTest(config: Config, kind: string | undefined): Promise<SendResult[]> {
  // What `start` records where no exchange is named.
  const environment = config.exchangeChosen ? config.environment : 'sim'
  const targets = targetsOf(config).filter((each) => kind === undefined || each.kind === kind)
  if (targets.length === 0) {
    const found = kind === undefined ? 'no target' : `no target of the kind ${kind}`
    throw new NoTarget(`found ${found}, needed one to send to: set ${TARGET_SETTINGS}`)
  }
  const message = {
    title: `${environment}: a test of the alarms`,
    text: 'This is a test: somebody ran `kalshiflow alert test`. Nothing is wrong.',
    severity: 'info',
    fields: { environment, version: VERSION, targets: targets.map(nameOf).join(', ') },
  } as const
  return await sendMessage(targets, message, { limits: TEST_LIMITS })
}

type Tested = { readonly target: string; readonly tookMs: number } & (
  | { readonly sent: true }
  | { readonly sent: false; readonly code: string; readonly reason: string }
)

async function testDeadMan({ alert: { deadManUrl } }: Config): Promise<Tested> {
  if (deadManUrl === undefined) throw new NoTarget('found no dead-man, needed its address: set KALSHIFLOW_DEADMAN_URL')
  const startedMs = performance.now()
  const tookMs = () => Math.round(performance.now() - startedMs)
  try {
    await pingDeadMan(deadManUrl)
    return { target: 'dead-man', tookMs: tookMs(), sent: true }
  } catch (error) {
    const { code, message } = error as SendError
    return { target: 'dead-man', tookMs: tookMs(), sent: false, code, reason: message }
  }
}

const lineOf = (tested: Tested): string =>
  tested.sent
    ? `${tested.target}: taken after ${tested.tookMs} ms`
    : `${tested.target}: NOT taken: ${tested.reason} (${tested.code})`

function listRules({ alert }: Config, json: boolean): void {
  const { rules, off } = changeRules(alert.rules)
  const events = Object.entries(LIFE_EVENTS).filter(([name]) => !off.includes(name))
  if (json) {
    const told = rules.map(({ judge: _, limit: __, holdMs: ___, clearMs: ____, ...rule }, index) => ({
      ...rule,
      ...figuresOf(rules[index]!),
    }))
    printJson({ rules: told, events: Object.fromEntries(events), off })
    return
  }
  const rows = rules.map((rule) => {
    const { hold, clear, limit } = figuresOf(rule)
    return [rule.name, rule.severity, hold, clear, limit, rule.about]
  })
  print(table(['alarm', 'severity', 'hold', 'clear', 'limit', 'meaning'], rows))
  for (const [name, about] of events) print(`${name}: ${about}`)
  if (off.length > 0) print(`off: ${off.join(', ')}`)
}
