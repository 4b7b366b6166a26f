/** Clients of the service beside the latency bench: each reads many books at an even rate, on a connection of its own. */
import { Agent, get } from 'node:http'
import { setTimeout as sleep } from 'node:timers/promises'
import { hear, say, takeJob } from './apart.ts'

export type ClientsJob = {
  readonly url: string
  readonly clients: number
  /** Books in each answer. */
  readonly tickers: readonly string[]
  readonly everyMs: number
}
export type ClientsDone = {
  readonly answers: number
  /** Answers that were not 200, or with a book in doubt for another reason than that the copy is behind. */
  readonly wrong: number
  /** Answers that called their books not valid because the copy was more than a second behind. */
  readonly behind: number
  readonly bytes: number
  readonly answerMs: Float64Array
  /** What the answers said of themselves. */
  readonly behindMs: Float64Array
}

const { url, clients, tickers, everyMs } = await takeJob<ClientsJob>()
const path = `${url}/rl/orderbook/snapshot?market_ticker=${tickers.map(encodeURIComponent).join(',')}`
const answerMs: number[] = []
const behindMs: number[] = []
let answers = 0
let wrong = 0
let behind = 0
let bytes = 0
let isOver = false

await say('ready')
await hear<'begin'>()
const running = Array.from({ length: clients }, (_, index) => client(index))
await hear<'end'>()
isOver = true
await Promise.all(running)
await say({
  answers,
  wrong,
  behind,
  bytes,
  answerMs: Float64Array.from(answerMs),
  behindMs: Float64Array.from(behindMs),
} satisfies ClientsDone)

async function client(index: number): Promise<void> {
  const agent = new Agent({ keepAlive: true, maxSockets: 1 })
  await sleep((everyMs * index) / clients)
  while (!isOver) {
    const startedMs = performance.now()
    const { status, text } = await ask(agent)
    const tookMs = performance.now() - startedMs
    answers++
    answerMs.push(tookMs)
    bytes += text.length
    // Read as text: parsing every answer would take the core that the others need.
    if (text.includes('"doubt":"behind"')) behind++
    else if (status !== 200 || text.includes('"valid":false')) wrong++
    behindMs.push(Number(/"behind_ms":([\d.]+)/.exec(text)?.[1] ?? Number.NaN))
    await sleep(Math.max(0, everyMs - tookMs))
  }
  agent.destroy()
}

function ask(agent: Agent): Promise<{ status: number; text: string }> {
  return new Promise((done, fail) => {
    get(path, { agent }, (response) => {
      const chunks: Buffer[] = []
      response.on('data', (chunk) => chunks.push(chunk))
      response.on('error', fail)
      response.on('end', () =>
        done({ status: response.statusCode ?? 0, text: Buffer.concat(chunks).toString('latin1') }),
      )
    }).on('error', fail)
  })
}
