/**
 * Whether a file was handed over by systemd (`LoadCredential=`). Only the service can reach such a file, but where systemd
 * says so with an access list, its mode shows the list's mask as rights of the group.
 */
import { dirname, resolve } from 'node:path'

export function isCredential(path: string, environment: Readonly<NodeJS.ProcessEnv> = process.env): boolean {
  const folder = environment['CREDENTIALS_DIRECTORY'] ?? ''
  return folder !== '' && dirname(resolve(path)) === resolve(folder)
}
