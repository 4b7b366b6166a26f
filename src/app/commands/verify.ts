/** `kalshiflow verify`: proves journal, database and books against each other. */
import type { Command } from 'commander'
import { DEFAULT_SCHEMA } from '#store'
import { type Proof, proveJournal } from '../reading/prove-journal.ts'
import { openClient } from '../store/open-client.ts'
import { EXIT } from './failure.ts'
import { print, printJson } from './output.ts'
import { type CommonFlags, folderToRead, withData, withJson } from './shared.ts'

type VerifyFlags = CommonFlags & { readonly database: string | boolean }

export function addVerify(program: Command): void {
  withJson(withData(program.command('verify')))
    .option('--database <url>', 'PostgreSQL to prove (DATABASE_URL; default: the embedded server of the data folder)')
    .option('--no-database', 'the journal alone')
    .summary('prove journal, database and books against each other')
    .description(
      'Checks every byte of the journal, folds it anew, compares its checkpoints with the books that the frames make, and the\n' +
        'rows and books of the database with both. Best while no recorder writes; beside one, what it adds is left out.',
    )
    .addHelpText(
      'after',
      '\nExamples:\n  kalshiflow verify\n  kalshiflow verify --no-database --data ./data/prod --json\n\nExit code: 0 good, 1 faults found, 2 could not run.',
    )
    .action(async (flags: VerifyFlags) => {
      const folder = folderToRead(flags)
      const open =
        flags.database === false
          ? undefined
          : await openClient(folder, {
              profile: flags.profile,
              database: typeof flags.database === 'string' ? flags.database : undefined,
            })
      try {
        const proof = await proveJournal({
          folder: `${folder}/journal`,
          client: open?.client,
          schema: open?.schema ?? DEFAULT_SCHEMA,
          onProgress: showProgress(),
        })
        if (process.stderr.isTTY === true) process.stderr.write('\r\u001b[2K')
        if (flags.json === true) printJson(proof)
        else print(describe(proof))
        process.exitCode = proof.faults.length > 0 ? EXIT.FAULTS : EXIT.DONE
      } finally {
        await open?.close()
      }
    })
}

function showProgress(): (step: string, records: number) => void {
  let shownMs = performance.now()
  let startedMs = shownMs
  let step = ''
  return (now, records) => {
    const nowMs = performance.now()
    if (now !== step) startedMs = nowMs
    step = now
    if (process.stderr.isTTY !== true || nowMs - shownMs < 250) return
    shownMs = nowMs
    const rate = Math.round((records * 1000) / Math.max(1, nowMs - startedMs))
    process.stderr.write(
      `\r\u001b[2K${step}: ${records.toLocaleString('en-US')} records, ${rate.toLocaleString('en-US')}/s`,
    )
  }
}

function describe({ faults, journal, fold, database }: Proof): string {
  const n = (value: number) => value.toLocaleString('en-US')
  return [
    `Journal: ${n(journal.segments)} segments, ${n(journal.blocks)} blocks, ${n(journal.records)} records, ${n(journal.frames)} frames${journal.tornTailBytes > 0 ? `; ${n(journal.tornTailBytes)} bytes at the end were never durable` : ''}.`,
    `Books: ${n(fold.books)} markets from ${n(fold.deltas)} deltas and ${n(fold.snapshots)} snapshots; ${n(fold.checkpoints)} checkpoints, ${n(fold.audits)} audits; ${n(fold.breaks)} sequence breaks, ${n(fold.malformed)} frames malformed.`,
    ...journal.archived.map((text) => `Not proved: ${text}`),
    ...(database === undefined
      ? []
      : [
          `Database, up to ${database.position}: ${n(database.books)} books, ${n(database.deltas)} delta rows, ${n(database.snapshots)} snapshot rows, ${n(database.quarantined)} in quarantine.`,
        ]),
    faults.length === 0 ? 'No faults.' : faults.length === 1 ? '1 FAULT:' : `${n(faults.length)} FAULTS:`,
    ...faults.slice(0, 50).map((fault) => `  ${fault}`),
    ...(faults.length > 50 ? [`  and ${n(faults.length - 50)} more; --json has all`] : []),
  ].join('\n')
}
