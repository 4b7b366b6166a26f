/**
 * Everything that is wrong with the configuration, in one error: each fault with the name, what was found, what is needed
 * and what to do. Found values are masked before they get here; a message may be printed anywhere.
 */
export type ConfigFault = {
  /** The setting, or the file where a line of `.env` is at fault. */
  readonly name: string
  /** What stands there, ready to print. Absent when nothing does. */
  readonly found?: string
  /** What would be right, as the end of "needed …". */
  readonly needed: string
  /** What to do about it, as a whole sentence. */
  readonly remedy: string
}

/** Something worth telling that stops nothing: a name without meaning, a value that is not used. A whole sentence. */
export type ConfigNotice = { readonly name: string; readonly text: string }

export class ConfigError extends Error {
  override readonly name = 'ConfigError'
  readonly code = 'FLOW_CONFIG'
  readonly faults: readonly ConfigFault[]
  /** Often the reason of a fault: a mistyped name beside the setting that it was meant for. */
  readonly notices: readonly ConfigNotice[]

  constructor(faults: readonly ConfigFault[], notices: readonly ConfigNotice[] = []) {
    const count = faults.length === 1 ? 'one setting is wrong' : `${faults.length} settings are wrong`
    super(
      [`Configuration: ${count}.`, ...faults.map(faultLine), ...notices.map(({ text }) => `  (${text})`)].join('\n'),
    )
    this.faults = faults
    this.notices = notices
  }
}

const faultLine = ({ name, found, needed, remedy }: ConfigFault): string =>
  `  ${name}: found ${found ?? 'nothing'}, needed ${needed}. ${remedy}`
