/**
 * What the embedded server is told. What keeps data and keeps strangers out stands on the command line at every start and
 * cannot be changed by a file; what is a matter of taste is written into postgresql.conf once, where an owner may change it.
 */

/** Arguments of `postgres`. Loopback only; every commit is on disk before it is answered. */
export function startArguments(cluster: string, port: number): string[] {
  const settings = {
    listen_addresses: '127.0.0.1',
    port,
    // No socket file: its folder would have to suit two users and its path may be too long.
    unix_socket_directories: '',
    fsync: 'on',
    full_page_writes: 'on',
    synchronous_commit: 'on',
    // Standard error goes to DATA/postgres.log, which the supervisor keeps short.
    logging_collector: 'off',
    log_destination: 'stderr',
  }
  return ['-D', cluster, ...Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`])]
}

/** Arguments of `initdb`. The collation is PostgreSQL's own, so an update of the system's C library changes no index. */
export function initArguments(cluster: string, user: string, passwordFile: string): string[] {
  return [
    ...['-D', cluster, '-U', user, `--pwfile=${passwordFile}`],
    ...['--encoding=UTF8', '--locale=C', '--locale-provider=builtin', '--builtin-locale=C.UTF-8'],
    ...['--auth-host=scram-sha-256', '--auth-local=scram-sha-256', '--data-checksums', '--no-instructions'],
    ...Object.entries(TASTE).flatMap(([name, value]) => ['--set', `${name}=${value}`]),
  ]
}

/** For a machine of two cores and a few GiB that also runs the recorder. */
const TASTE = {
  max_connections: '40',
  shared_buffers: '128MB',
  effective_cache_size: '1GB',
  work_mem: '8MB',
  maintenance_work_mem: '64MB',
  // The writer commits in bulk: fewer, longer checkpoints write fewer whole pages.
  max_wal_size: '2GB',
  min_wal_size: '128MB',
  checkpoint_timeout: '10min',
  wal_compression: 'pglz',
  // Nobody replicates from this server.
  wal_level: 'minimal',
  max_wal_senders: '0',
  jit: 'off',
  log_checkpoints: 'off',
  // A failed COPY would otherwise put the rows it failed on into the log.
  log_min_error_statement: 'panic',
  log_timezone: 'UTC',
  timezone: 'UTC',
} as const
