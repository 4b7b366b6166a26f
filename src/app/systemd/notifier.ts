/**
 * Messages to the service manager that started us (sd_notify(3)), told through the program `systemd-notify`: Node has no
 * datagram sockets of the Unix kind.
 *
 * Starting a process holds up the event loop for as long as it takes to copy our page tables (25 to 45 ms of a process of 590
 * MB), so it happens once, before anything is recorded: a shell then runs `systemd-notify` for each line that it reads, and
 * writing that line takes some 0.1 ms. One message is under way at a time; one that finds another under way is left out,
 * except those that must arrive.
 */
import { type ChildProcessByStdio, spawn } from 'node:child_process'
import type { Readable, Writable } from 'node:stream'

export type NotifierOptions = {
  readonly environment: Readonly<NodeJS.ProcessEnv>
  /** Told once, at the first message that does not arrive. */
  readonly onFailure: (reason: string) => void
}

/** Variables of one message: `WATCHDOG=1`, `STATUS=…`. */
export type Assignments = readonly [string, string?]

/**
 * Reads `VARIABLE=VALUE`, or two with a tab between them, and answers each line with the exit code. The last lines are
 * carried out although nobody reads the answers any more.
 */
const SCRIPT = `trap '' PIPE
while IFS='\t' read -r first second; do
systemd-notify "$first" \${second:+"$second"} >/dev/null 2>&1 </dev/null
echo $?
done`
const NO_SUCH_PROGRAM = '127'
/** Messages that must arrive are the first and the last one; more than these waiting means that nobody reads. */
const WAITING_MAX = 4
const STATUS_CHARACTERS_MAX = 200

export class Notifier {
  readonly #child: ChildProcessByStdio<Writable, Readable, null>
  readonly #onFailure: (reason: string) => void
  #waiting = 0
  /** Nothing is told of failures any more. */
  #isQuiet = false

  constructor({ environment, onFailure }: NotifierOptions) {
    this.#onFailure = onFailure
    this.#child = spawn('/bin/sh', ['-c', SCRIPT], { env: environment, stdio: ['pipe', 'pipe', 'ignore'], cwd: '/' })
    this.#child.on('error', (error) => this.#failed(`/bin/sh: ${error.message}`))
    this.#child.on('exit', () => this.#failed('the shell that runs systemd-notify has ended'))
    // The pipe of a shell that was killed.
    this.#child.stdin.on('error', (error) => this.#failed(error.message))
    this.#child.stdout.setEncoding('utf8').on('data', (text: string) => this.#answered(text))
    // A shell that hangs must not keep us from ending.
    this.#child.unref()
  }

  /** Tells it; left out while another message is under way, unless it `must` arrive. Answers whether it was taken. */
  tell([first, second]: Assignments, must = false): boolean {
    if (this.#waiting > (must ? WAITING_MAX : 0) || !this.#child.stdin.writable) return false
    this.#waiting++
    this.#child.stdin.write(`${oneLine(first)}${second === undefined ? '' : `\t${oneLine(second)}`}\n`)
    return true
  }

  /** What was told still arrives; nothing more can be. */
  close(): void {
    this.#isQuiet = true
    this.#child.stdin.end()
    this.#child.stdout.destroy()
  }

  #answered(text: string): void {
    for (const code of text.split('\n').filter((line) => line !== '')) {
      this.#waiting--
      if (code === NO_SUCH_PROGRAM) this.#failed('the program systemd-notify is not there')
      else if (code !== '0') this.#failed(`systemd-notify ended with exit code ${code}`)
    }
  }

  #failed(reason: string): void {
    if (this.#isQuiet) return
    this.#isQuiet = true
    this.#onFailure(reason)
  }
}

/** A tab or a line end would begin another variable. */
const oneLine = (text: string): string => text.replace(/\s+/g, ' ').slice(0, STATUS_CHARACTERS_MAX)
