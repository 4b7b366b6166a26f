/**
 * Bugs that the simulation must find: each one edit of one file, with the invariant that is to notice it. Planted one at a
 * time, in a copy of the tree, by scripts/planted-bugs.ts; how soon each is found stands in docs/testing-simulation.md.
 *
 * `find` stands exactly once in its file: whoever changes that line changes it here too, and a test says so.
 */
import type { Invariant } from './invariants.ts'

export type PlantedBug = {
  readonly name: string
  readonly file: string
  readonly find: string
  readonly replace: string
  /** The invariant that must break. Others may break with it. */
  readonly expected: Invariant
}

export const PLANTED_BUGS: readonly PlantedBug[] = [
  // Numbers.
  {
    name: 'seq counted for each market instead of each sid',
    file: 'src/feed/fold.ts',
    find: '    if (seq === subscription.last! + 1) subscription.last = seq\n',
    replace:
      '    if (market?.source === subscription) subscription.last = market.seq\n    if (seq === subscription.last! + 1) subscription.last = seq\n',
    expected: 'S6',
  },
  {
    name: 'ok not counted',
    file: 'src/feed/fold.ts',
    find: "else if (frame.type !== 'list') this.#takePlace",
    replace: "else if (frame.type !== 'list' && frame.type !== 'ok') this.#takePlace",
    expected: 'S6',
  },
  {
    name: 'frames of unknown types not counted',
    file: 'src/feed/fold.ts',
    find: '        this.#unknown(connection, frame, receivedMs)\n',
    replace: '        this.counts.unknown++\n',
    expected: 'S6',
  },
  {
    name: 'a snapshot resets the seq of its sid',
    file: 'src/feed/fold.ts',
    find: '    if (!this.#takeNumber(connection, subscription, frame.seq)) return\n',
    replace:
      '    subscription.last = frame.seq - 1\n    if (!this.#takeNumber(connection, subscription, frame.seq)) return\n',
    expected: 'S6',
  },
  {
    name: 'a gap ignored',
    file: 'src/feed/subscription.ts',
    find: "if (seq === expected) return 'next'",
    replace: "if (seq >= expected) return 'next'",
    expected: 'S6',
  },
  {
    name: 'a repeat applied',
    file: 'src/feed/fold.ts',
    find: '      this.counts.repeats++\n      return false\n',
    replace: '      this.counts.repeats++\n      return true\n',
    expected: 'S1',
  },
  // Belief.
  {
    name: 'clamped at zero instead of doubted',
    file: 'src/feed/fold.ts',
    find: "    if (size < 0) {\n      this.counts.negative++\n      this.#belief.doubt(market, 'negative_size')\n      return\n    }\n",
    replace: '    if (size < 0) market.book.add(side, price, -market.book.sizeAt(side, price) as CentiContracts)\n',
    expected: 'S1',
  },
  {
    name: 'valid again after a break without its snapshot',
    file: 'src/feed/fold.ts',
    find: '    if (market?.proven !== true || market.source !== subscription) {\n',
    replace:
      "    if (market?.cause === 'sequence_break' && market.source === subscription)\n      this.#belief.prove(subscription, market, seq, receivedMs)\n    if (market?.proven !== true || market.source !== subscription) {\n",
    expected: 'S1',
  },
  {
    name: 'a break puts only one market in doubt',
    file: 'src/feed/belief.ts',
    find: 'for (const market of subscription.markets) this.doubt(market, cause)',
    replace: 'for (const market of [...subscription.markets].slice(0, 1)) this.doubt(market, cause)',
    expected: 'S1',
  },
  {
    name: 'a crossed group never ended',
    file: 'src/feed/belief.ts',
    find: 'if (groupEnded || exchangeMs > market.crossedUntilMs) {',
    replace: 'if (false) {',
    expected: 'S1',
  },
  {
    name: 'a released market proven again',
    file: 'src/feed/fold.ts',
    find: "    if (arrival === 'unasked') {\n",
    replace: "    if (arrival === 'unasked' && !connection.asked.has(frame.market)) {\n",
    expected: 'S1',
  },
  {
    name: 'a terminal error passed over by the fold',
    file: 'src/feed/fold.ts',
    find: "frame.type === 'error' && isTerminal(frame.code)",
    replace: "frame.type === 'error' && false",
    expected: 'S1',
  },
  {
    name: 'an audit that does not match is told, and the book believed all the same',
    file: 'src/feed/audits.ts',
    find: "    this.#belief.doubt(market, 'audit_mismatch')\n",
    replace: '',
    expected: 'S1',
  },
  {
    name: 'a malformed delta puts nothing in doubt',
    file: 'src/feed/fold.ts',
    find: "      if (market === undefined) this.#belief.doubtAll(each, 'malformed')\n      else this.#belief.doubt(market, 'malformed')\n",
    replace: '      void market\n',
    expected: 'S1',
  },
  // Live and replay.
  {
    name: 'a frame folded although the journal answered full',
    file: 'src/app/recorder/tape.ts',
    find: "    if (taken !== 'taken') return taken\n",
    replace: "    if (taken !== 'taken') {\n      this.#fold.frame(connection, bytes, 0)\n      return taken\n    }\n",
    expected: 'S2',
  },
  {
    name: 'effects carried out inside the frame',
    // The simulation's own copy of the wiring: src/kalshi/link.ts needs a socket.
    file: 'test/simulation/link.ts',
    find: '    event(this.session, this.#time.nowMs)\n',
    replace: '    event(this.session, this.#time.nowMs)\n    this.#carryOut()\n',
    expected: 'S2',
  },
  {
    name: 'an orientation settled and not written down',
    file: 'src/app/recorder/tape.ts',
    find: '    this.record(RECORD.VALIDITY, connection, encodeJson(body))\n',
    replace: '',
    expected: 'S2',
  },
  {
    name: 'a checkpoint taken over by a reader that has proven the market itself',
    file: 'src/feed/fold.ts',
    find: '    if (market.proven) return\n',
    replace: '',
    expected: 'S2',
  },
  {
    name: 'a checkpoint taken over with the number of its sid',
    file: 'src/feed/fold.ts',
    find: 'this.#belief.prove(subscription, market, book.seq, receivedMs)',
    replace: 'this.#belief.prove(subscription, market, book.sidSeq, receivedMs)',
    expected: 'S2',
  },
  {
    name: 'a context without the last numbers of its sids',
    file: 'src/feed/describe.ts',
    find: '...(last === undefined ? {} : { lastSeq: last })',
    replace: '...(last === undefined ? {} : {})',
    expected: 'S2',
  },
  {
    name: 'a context without the markets let go',
    file: 'src/feed/fold.ts',
    find: '      connection.asked.resume(each.asked ?? {})\n',
    replace: '      connection.asked.resume({ ...each.asked, leaving: [] })\n',
    expected: 'S2',
  },
  // The disk.
  {
    name: 'a torn tail kept, and counted in the predecessor’s length',
    file: 'src/journal/recovery.ts',
    find: '    const { end, last, lastOffset } = walked\n',
    replace: '    const { last, lastOffset } = walked\n    const end = walked.end + walked.cutBytes\n',
    expected: 'S3',
  },
  {
    name: 'the durable position told before the sync',
    file: 'src/journal/journal.ts',
    find: '        if (block === undefined || !(await this.#commit(block))) return\n',
    replace:
      '        if (block !== undefined) this.#durable = { segment: block.segment, offset: block.offset + block.length }\n        if (block !== undefined) this.#durableRecords = block.endRecord\n        if (block === undefined || !(await this.#commit(block))) return\n',
    expected: 'S3',
  },
  {
    name: 'a block not synced',
    file: 'src/journal/segment-writer.ts',
    find: "    try {\n      await file.sync()\n    } catch (error) {\n      throw new StageFailure('sync', error)\n    }\n",
    replace: '',
    expected: 'S3',
  },
  {
    name: 'what was written last not written again at recovery',
    file: 'src/journal/recovery.ts',
    find: '    await file.write(kept.newest, kept.from)\n',
    replace: '',
    expected: 'S3',
  },
  // The session.
  {
    name: 'a book in doubt never asked for again',
    file: 'src/feed/session.ts',
    find: "    this.#resync.want(market, cause !== 'sequence_break' && cause !== 'wire_changed', nowMs)\n",
    replace: '',
    expected: 'S4',
  },
  {
    name: 'a command without an answer waited for without end',
    file: 'src/feed/command-queue.ts',
    find: 'if (nowMs - sentMs > ANSWER_MS_MAX) return command',
    replace: 'if (nowMs - sentMs > 1e9) return command',
    expected: 'S4',
  },
  {
    name: 'get_snapshot chunks without a pause',
    file: 'src/feed/resync.ts',
    find: 'export const CHUNK_PAUSE_MS = 50\n',
    replace: 'export const CHUNK_PAUSE_MS = 0\n',
    expected: 'S5',
  },
  {
    name: 'a reconnect without backoff',
    file: 'src/feed/backoff.ts',
    find: 'const wait = Math.max(LEAST_MS, Math.floor(this.#random() * ceiling))',
    replace: 'const wait = Math.floor(this.#random() * ceiling * 0)',
    expected: 'S5',
  },
  {
    name: 'a backoff that does not grow',
    file: 'src/feed/backoff.ts',
    find: '    this.#failures++\n',
    replace: '',
    expected: 'S5',
  },
  {
    name: 'a Retry-After not obeyed',
    file: 'src/feed/backoff.ts',
    find: '    if (tooMany === undefined) return wait\n',
    replace: '    if (wait > 0) return wait\n',
    expected: 'S5',
  },
  {
    name: 'a second subscribe of what waits for its answer',
    file: 'src/feed/subscription-plan.ts',
    find: 'return this.#sids.size === 0 && isIdle ? this.#subscribeFirst() : []',
    replace: 'return this.#subscribeFirst()',
    expected: 'S5',
  },
  // The store.
  {
    name: 'the position told to the store before the sync',
    file: 'test/simulation/readers.ts',
    find: '    this.#store.durable(this.#now.life.journal.durable)\n    this.#view.durableMoved(this.#now.life)\n',
    replace: '    this.#store.durable(this.#now.life.journal.head)\n    this.#view.durableMoved(this.#now.life)\n',
    expected: 'S8',
  },
  {
    name: 'the store past the durable position',
    file: 'src/store/writer/store-writer.ts',
    find: '      until: this.#options.durable,\n',
    replace: '      until: { segment: Number.MAX_SAFE_INTEGER, offset: 0 },\n',
    expected: 'S8',
  },
  {
    name: 'the watermark moved outside the transaction',
    file: 'src/store/writer/transaction.ts',
    find: '    await connection.begin()\n    if (!(await moveWatermark(batch, parts))) {\n      await connection.rollback()\n',
    replace:
      '    const isMoved = await moveWatermark(batch, parts)\n    await connection.begin()\n    if (!isMoved) {\n      await connection.rollback()\n',
    expected: 'S8',
  },
  {
    name: 'a lost answer to COMMIT taken for a failure, and written behind whatever stands there',
    file: 'src/store/writer/batch-committer.ts',
    find: '    if (comparePositions(position, batch.end) !== 0) {\n',
    replace:
      "    if (comparePositions(position, batch.end) === 0) {\n      const again = await client.use(statementMs * 2, (connection) =>\n        commitBatch(batch, { connection, from: position, counts: {}, days: this.#days, careful: true, readRecord: this.#options.readRecord }),\n      )\n      if (again.kind === 'committed') return again\n    }\n    if (comparePositions(position, batch.end) !== 0) {\n",
    expected: 'S8',
  },
  {
    name: 'a trade stored as often as it is told',
    file: 'src/store/writer/transaction.ts',
    find: 'for (const trade of told) if (fresh.has(trade.tradeId)) writeTrade',
    replace: 'for (const trade of told) if (fresh.size >= 0) writeTrade',
    expected: 'S8',
  },
  {
    name: 'ends of earlier rows forgotten in a batch',
    file: 'src/store/writer/transaction.ts',
    find: '    await endRows(batch, connection)\n',
    replace: '',
    expected: 'S8',
  },
  {
    name: 'validity that a later frame gave away not revised',
    file: 'src/ledger/standing.ts',
    find: 'const end = OWN_FAULTS.has(cause) ? (entry.snapshot ?? open.from) : { ...place, receivedNs: fromNs }',
    replace: 'const end = { ...place, receivedNs: fromNs }',
    expected: 'S9',
  },
  {
    name: 'validity that goes on over a break',
    file: 'src/ledger/standing.ts',
    find: '    const open = entry.validity\n    if (open === undefined) return\n',
    replace:
      "    const open = entry.validity\n    if (open === undefined || market.cause === 'sequence_break') return\n",
    expected: 'S9',
  },
  {
    name: 'a gap never closed',
    file: 'src/ledger/standing.ts',
    find: "    this.#close(entry, this.#parts.isFrame() ? 'snapshot' : 'checkpoint', this.#parts.place())\n",
    replace:
      "    if (entry.gap?.cause !== 'disconnect') this.#close(entry, this.#parts.isFrame() ? 'snapshot' : 'checkpoint', this.#parts.place())\n",
    expected: 'S10',
  },
  {
    name: 'a hole of our own blamed on the exchange',
    file: 'src/ledger/standing.ts',
    find: '{ cause: this.#loss?.cause ?? cause, detail: this.#loss?.detail, fromNs, fromKind }',
    replace: "{ cause: 'sequence_break', detail: this.#loss?.detail, fromNs, fromKind }",
    expected: 'S10',
  },
  {
    name: 'no gap for a subscription that the exchange ended',
    file: 'src/ledger/standing.ts',
    find: '    if (!this.#parts.isKept() || entry.gap !== undefined) return\n',
    replace: "    if (!this.#parts.isKept() || entry.gap !== undefined || cause === 'terminal_error') return\n",
    expected: 'S10',
  },
  // Readers of a sick disk.
  {
    name: 'a reader shown what was given up and written again',
    file: 'src/journal/cursor.ts',
    find: '      await this.#lookForEnd(segment, until)\n',
    replace: '',
    expected: 'S8',
  },
  // The copy of the books.
  {
    name: 'a copy that reads past the durable position',
    file: 'src/live/replica.ts',
    find: '      until: () => this.#recorder.head?.durable ?? this.#at,\n',
    replace: '      until: () => this.#recorder.head?.head ?? this.#at,\n',
    expected: 'S7',
  },
  {
    name: 'a copy that never says that it is behind',
    file: 'src/live/replica.ts',
    find: "    return market.doubt ?? (this.behindMs > BEHIND_MS_MAX ? 'behind' : undefined)\n",
    replace: '    return market.doubt\n',
    expected: 'S7',
  },
  {
    name: 'a copy that believes a silent recorder',
    file: 'src/live/replica.ts',
    find: 'return Math.max(lateMs, unheardMs, isLate',
    replace: 'return Math.max(lateMs, 0 * unheardMs, isLate',
    expected: 'S7',
  },
]
