/** The text of `.env.example`, made from the settings so that the two cannot differ. */
import { aboutOf } from './config-fields.ts'
import { SETTING_NAMES, type SettingName, Settings } from './config-settings.ts'

const WIDTH = 118

const HEAD = `# Settings of kalshiflow. Copy this file to .env and change what you need; every line may stay as it is.
# The command line wins over the environment, the environment over .env; an empty value means unset.
# Without any KALSHI_… name \`kalshiflow start\` records its built-in exchange: no account is needed.
`

/** Ends with a line end. */
export function exampleText(): string {
  return `${HEAD}\n${SETTING_NAMES.map(paragraph).join('\n')}`
}

function paragraph(name: SettingName): string {
  const { about, fallback, derived, example } = aboutOf(Settings.shape[name])
  const value = fallback === undefined ? (derived === undefined ? '' : ` By default: ${derived}.`) : ''
  return `${wrap(about + value)}\n# ${name}=${fallback ?? example ?? ''}\n`
}

function wrap(text: string): string {
  const lines = ['#']
  for (const word of text.split(' ')) {
    const last = lines[lines.length - 1]!
    if (last.length + 1 + word.length > WIDTH) lines.push(`# ${word}`)
    else lines[lines.length - 1] = `${last} ${word}`
  }
  return lines.join('\n')
}
