/**
 * How a command ends by an error: one line that says what was found, what was needed and what to do, for every error that
 * carries a code of ours; a stack only for a fault in this program.
 *
 * Exit codes: 0 done; 1 something was found to be wrong (incomplete, faults); 2 it could not run;
 * 3 everything received is on disk, and the database is behind it until the next start.
 */
export const EXIT = { DONE: 0, FAULTS: 1, COULD_NOT_RUN: 2, BEHIND: 3 } as const

/** An error of ours, or one of the system that names itself. */
const isKnown = (error: unknown): error is Error & { code: string } =>
  error instanceof Error && typeof (error as { code?: unknown }).code === 'string'

/** What the system says of a file or folder, and what to do about it. */
const FILE_FAULTS: Readonly<Record<string, string>> = {
  EACCES: 'this user may not read or write there: mend its owner or mode, or name another place',
  EPERM: 'this user may not do that there: mend its owner or mode, or name another place',
  ENOTDIR: 'there is a file where a folder is needed: name another place',
  EISDIR: 'there is a folder where a file is needed: name another place',
  ENOSPC: 'the disk is full: make room, or name a place on another',
  EDQUOT: 'the quota is used up: make room, or name a place on another disk',
  EROFS: 'the disk takes no writes: mend that, or name a place on another',
}

function wordsOf(error: Error & { code: string; path?: unknown }): string {
  const words = FILE_FAULTS[error.code]
  return words === undefined || typeof error.path !== 'string' ? error.message : `${error.path}: ${words}`
}

/** The text for a person. */
export function tellFailure(error: unknown): string {
  if (isKnown(error)) return `kalshiflow: ${wordsOf(error)} (${error.code})`
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `kalshiflow: a fault in the program itself; please report it with the lines below\n${stack}`
}

/** The same for `--json`. */
export function failureJson(error: unknown): object {
  const { code = 'FLOW_FAULT', message = String(error) } = error as { code?: string; message?: string }
  return { error: { code, message } }
}
