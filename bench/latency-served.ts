/**
 * The service and its clients beside the latency bench: a process for the service, as `kalshiflow serve` is one, and one for
 * all clients. Each client reads many books at a time at an even rate; what the feed makes of it stands in the bench's own rows.
 */
import { startApart } from './apart.ts'
import type { ApiDone, ApiJob, ApiReady } from './latency-api.ts'
import type { ClientsDone, ClientsJob } from './latency-clients.ts'
import { distributionOf, type Report } from './report.ts'

export type Served = Pick<Report, 'how' | 'distributions' | 'facts' | 'checks'> & { readonly cpuMs: number }

const EVERY_MS = 100
/** Books in each answer: those with the most changes. */
const BOOKS = 100

/** Starts both. Answers what begins the reading and what ends it. */
export async function serveBeside(dataFolder: string, allTickers: readonly string[], clients: number) {
  const api = startApart('latency-api.ts', { dataFolder } satisfies ApiJob, undefined)
  const { url } = await api.next<ApiReady>()
  await untilLive(url)
  const tickers = allTickers.slice(0, BOOKS)
  const readers = startApart(
    'latency-clients.ts',
    { url, clients, tickers, everyMs: EVERY_MS } satisfies ClientsJob,
    undefined,
  )
  await readers.next<'ready'>()
  const startedMs = performance.now()
  return {
    begin(): void {
      api.tell('begin')
      readers.tell('begin')
    },
    async end(): Promise<Served> {
      readers.tell('end')
      const read = await readers.next<ClientsDone>()
      const seconds = (performance.now() - startedMs) / 1000
      api.tell('end')
      const done = await api.next<ApiDone>()
      await Promise.all([readers.close(), api.close()])
      return tell(read, done, { clients, books: tickers.length, seconds })
    },
  }
}

type Size = { readonly clients: number; readonly books: number; readonly seconds: number }

function tell(read: ClientsDone, done: ApiDone, { clients, books, seconds }: Size): Served {
  const perSecond = read.answers / seconds
  return {
    cpuMs: done.cpuMs,
    how: [
      `The service runs in a process of its own, ${clients} clients in another; each reads ${books} books every ${EVERY_MS} ms. What the clients use counts as another program's.`,
    ],
    distributions: [
      distributionOf('answer of the service', 'ms', read.answerMs),
      distributionOf('copy behind the recorder, as the answers say', 'ms', read.behindMs),
    ],
    facts: {
      answers: `${read.answers.toLocaleString('en-US')}, ${perSecond.toFixed(0)} a second, ${(read.bytes / seconds / 1e6).toFixed(1)} MB/s`,
      'answers that called their books not valid, the copy being more than a second behind': String(read.behind),
      'the service': `${(done.cpuMs / seconds / 10).toFixed(0)} % of a core; ${done.encoded.toLocaleString('en-US')} books made into text, ${done.reused.toLocaleString('en-US')} books and answers taken as they were`,
    },
    checks: [{ what: 'answers that were not 200 or had a book in doubt', found: String(read.wrong), wanted: '0' }],
  }
}

async function untilLive(url: string): Promise<void> {
  for (let looks = 0; looks < 500; looks++) {
    const answer = await fetch(`${url}/rl/status`)
    const { stats } = (await answer.json()) as { stats?: { copy: { state: string } | null } }
    if (stats?.copy?.state === 'live') return
    await new Promise((done) => setTimeout(done, 20))
  }
  throw new Error('the service did not catch up')
}
