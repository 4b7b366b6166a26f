/** All settings at once: what is wrong with each, and names that are not taken. */
import { SETTING_NAMES } from '../config/config-settings.ts'
import { bad, type Check, good, warn } from './check.ts'

const SHOWN_MAX = 20

export const settings: Check = {
  name: 'settings',
  limitMs: 1_000,
  look({ config, faults, notices }) {
    const set = SETTING_NAMES.filter((name) => ['command line', 'environment', '.env'].includes(config.origins[name]))
    const figures = { set: set.length, faults: faults.length, notices: notices.length }
    if (faults.length > 0) {
      const shown = faults.slice(0, SHOWN_MAX)
      return bad({
        found: [
          faults.length === 1 ? 'one setting is wrong' : `${faults.length} settings are wrong`,
          ...notices.slice(0, SHOWN_MAX).map(({ text }) => text),
        ].join('\n'),
        needed: shown
          .map(({ name, found, needed }) => `${name}: found ${found ?? 'nothing'}, needed ${needed}`)
          .join('\n'),
        remedy: shown.map(({ name, remedy }) => `${name}: ${remedy}`).join('\n'),
        figures,
      })
    }
    const where = config.exchangeChosen ? '' : '; none names an exchange: the built-in one is recorded'
    if (notices.length === 0) return good(`${set.length} set, the others as they come${where}`, figures)
    return warn({
      found: notices
        .slice(0, SHOWN_MAX)
        .map(({ text }) => text)
        .join('\n'),
      needed: 'names that are taken',
      remedy: 'Correct the names or remove them; .env.example has all.',
      figures,
    })
  },
}
