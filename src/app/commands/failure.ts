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

/** The text for a person. */
export function tellFailure(error: unknown): string {
  if (isKnown(error)) return `kalshiflow: ${error.message} (${error.code})`
  const stack = error instanceof Error ? (error.stack ?? error.message) : String(error)
  return `kalshiflow: a fault in the program itself; please report it with the lines below\n${stack}`
}

/** The same for `--json`. */
export function failureJson(error: unknown): object {
  const { code = 'FLOW_FAULT', message = String(error) } = error as { code?: string; message?: string }
  return { error: { code, message } }
}
