/** What the supervisor of the embedded server tells while it works. Facts only; the caller decides what becomes a log line. */

export type DatabaseEvent =
  /** A database was made where there was none. */
  | { readonly kind: 'database_created'; readonly folder: string; readonly serverVersion: string; readonly ms: number }
  | { readonly kind: 'database_started'; readonly pid: number; readonly port: number; readonly ms: number }
  /** A server of this data folder was running already, and is used. */
  | { readonly kind: 'database_adopted'; readonly pid: number; readonly port: number }
  /** A start failed in a way that passes by itself; the next attempt follows after `retryInMs`. */
  | { readonly kind: 'database_start_retried'; readonly reason: string; readonly retryInMs: number }
  /** The server still reads its write-ahead log after a crash; connections come when it is done. */
  | { readonly kind: 'database_recovering'; readonly afterMs: number }
  /** The server's files stand outside the data folder, and why. */
  | { readonly kind: 'database_elsewhere'; readonly wanted: string; readonly folder: string; readonly reason: string }
  /** The binaries were copied, since the server's user could not run them where they stood. */
  | { readonly kind: 'database_binaries_copied'; readonly folder: string; readonly reason: string }
  /** Files of another major version, or files that are no database, were kept aside and a fresh database made. */
  | {
      readonly kind: 'database_kept_aside'
      readonly found: string
      readonly needed: string
      readonly keptAt: string
    }
  /** The file with port and password was gone; the database has a password anew. */
  | { readonly kind: 'database_password_renewed' }
  /** Another program is starting or stopping the server. */
  | { readonly kind: 'database_waiting'; readonly holderPid: number }
  /** The server ended while it was leased. */
  | { readonly kind: 'database_died'; readonly pid: number }
  | {
      readonly kind: 'database_restart_failed'
      readonly reason: string
      readonly failures: number
      readonly retryInMs: number
    }
  | { readonly kind: 'database_restarted'; readonly pid: number; readonly afterMs: number }
  /** `fast`: as asked; `immediate` and `killed`: after a limit ran out, so that the next start recovers. */
  | { readonly kind: 'database_stopped'; readonly how: 'fast' | 'immediate' | 'killed'; readonly ms: number }

export type OnDatabaseEvent = (event: DatabaseEvent) => void
