/** Values as they may be shown: secrets masked, whatever setting they were put into by mistake. */
import { aboutOf } from './config-fields.ts'
import { type SettingName, Settings } from './config-settings.ts'
import { MASK } from './secret.ts'

const SHOWN_CHARACTERS_MAX = 80
/** PEM, or a run of base64 longer than any name. */
const KEY_LIKE = /-----|PRIVATE KEY|[A-Za-z0-9+/]{64,}|[\r\n]/

/** A faulty value, quoted, short enough for a line, and masked where it is or may be a secret. */
export function maskFound(name: SettingName, text: string): string {
  if (aboutOf(Settings.shape[name]).secret === true || KEY_LIKE.test(text)) return MASK
  const shown = text.replace(/\/\/[^/@]*@/, `//${MASK}@`).replace(/\?.*$/, `?${MASK}`)
  return JSON.stringify(shown.length > SHOWN_CHARACTERS_MAX ? `${shown.slice(0, SHOWN_CHARACTERS_MAX)}…` : shown)
}

/** `postgresql://user:‹secret›@host/name`: enough to see which database it is. */
export function maskDatabaseUrl(text: string): string {
  const isSocket = text.includes('@/')
  const url = new URL(text.replace('@/', '@socket/'))
  const user = url.username === '' ? '' : `${url.username}${url.password === '' ? '' : `:${MASK}`}@`
  const query = url.search === '' ? '' : `?${MASK}`
  return `${url.protocol}//${user}${isSocket ? '' : url.host}${url.pathname}${query}`
}

/** A key id's first eight characters: it is no secret by itself, and half of what signs a request. */
export const maskKeyId = (id: string): string => (id.length > 16 ? `${id.slice(0, 8)}…` : MASK)
