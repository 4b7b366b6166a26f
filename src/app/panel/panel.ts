/**
 * What a person sees while it runs: on a terminal a panel in place with log lines scrolling above it, elsewhere a log line of
 * the same figures every ten seconds.
 *
 * Whatever changes on the screen at one moment is written at once, so that nothing flickers; a panel that is the same as
 * before is not written again. It draws what it is handed and knows nothing of a recorder. Its terminal must not make it
 * wait: {@link OwnTerminal}.
 */
import { styleText } from 'node:util'
import { createLogUpdate } from 'log-update'
import type { LogDestination } from '../log/log.ts'
import type { ServiceView } from '../service/service-view.ts'
import { type PanelLine, panelLines, type Tone } from './panel-text.ts'
import { RateHistory } from './spark.ts'

export type Terminal = {
  readonly isTTY?: boolean
  readonly columns?: number
  readonly rows?: number
  /** It has not taken what it was given. */
  readonly isHeldUp?: boolean
  write(text: string): unknown
  on?(event: 'resize', listener: () => void): unknown
  off?(event: 'resize', listener: () => void): unknown
}

const DRAW_MS = 500
const TELL_MS = 10_000
/** Bars of the last minute: one for each two seconds and a half. */
const BARS = 24
const BAR_MS = 2_500
const HIDE_CURSOR = '\u001b[?25l'
const SHOW_CURSOR = '\u001b[?25h'
/** What lies between the two is shown at once by terminals that know it; others pass over it. */
const BEGIN = '\u001b[?2026h'
const END = '\u001b[?2026l'

const STYLES: Readonly<Record<Tone, 'bold' | 'green' | 'yellow' | undefined>> = {
  head: 'bold',
  plain: undefined,
  good: 'green',
  bad: 'yellow',
}

export class Panel implements LogDestination {
  readonly #terminal: Terminal
  readonly #colour: boolean
  readonly #rates = new RateHistory(BARS, BAR_MS)
  readonly #redraw = () => this.#resized()
  /** What is to be written to the terminal, gathered. */
  #out = ''
  #lines: readonly string[] = []
  #update: ReturnType<typeof createLogUpdate>
  #look: (() => ServiceView) | undefined
  #timer: NodeJS.Timeout | undefined

  readonly #drawMs: number

  /** `colour`: whether the terminal may be coloured. */
  constructor(terminal: Terminal, colour: boolean, drawMs = DRAW_MS) {
    this.#drawMs = drawMs
    this.#terminal = terminal
    this.#colour = colour
    this.#update = this.#newUpdate()
  }

  /** Writes a log line above the panel. */
  write(line: string): void {
    if (this.#lines.length === 0) {
      this.#terminal.write(line)
      return
    }
    const shown = this.#lines
    this.#update.clear()
    this.#out += line
    this.#update(shown.join('\n'))
    this.#flush()
  }

  /** Begins to draw, or without a terminal to `tell`. */
  start(look: () => ServiceView, tell: (view: ServiceView) => void): void {
    this.#look = look
    if (this.#terminal.isTTY !== true) {
      this.#timer = setInterval(() => tell(look()), TELL_MS)
    } else {
      this.#terminal.on?.('resize', this.#redraw)
      process.on('exit', this.#showCursor)
      this.#terminal.write(HIDE_CURSOR)
      this.#timer = setInterval(() => this.#draw(), this.#drawMs)
      this.#draw()
    }
    this.#timer.unref()
  }

  /** Takes the panel away: what is printed next stands where it was. */
  stop(): void {
    clearInterval(this.#timer)
    if (this.#look === undefined || this.#terminal.isTTY !== true) return
    this.#look = undefined
    this.#terminal.off?.('resize', this.#redraw)
    process.off('exit', this.#showCursor)
    if (this.#lines.length > 0) this.#update.clear()
    this.#lines = []
    this.#flush()
    this.#showCursor()
  }

  readonly #showCursor = (): void => void this.#terminal.write(SHOW_CURSOR)

  #draw(): void {
    // What is dropped while the terminal is held up has as many lines as what stands there: it is taken away whole later.
    if (this.#look === undefined || this.#terminal.isHeldUp === true) return
    const view = this.#look()
    this.#rates.tick(view.frames, performance.now())
    const { columns = 80, rows = 24 } = this.#terminal
    // A terminal too low for all of it keeps the head and what is wrong.
    const lines = panelLines(view, this.#rates.figures, columns)
    const room = Math.max(1, rows - 2)
    const shown = lines.length <= room ? lines : [lines[0]!, ...lines.slice(lines.length - room + 1)]
    const dressed = shown.map((line) => this.#dress(line))
    if (dressed.join('\n') === this.#lines.join('\n')) return
    // Anew each time: the library's patches (7.0.1) erase the line below a change, and write over the log when lines come or go.
    if (this.#lines.length > 0) this.#update.clear()
    this.#lines = dressed
    this.#update(this.#lines.join('\n'))
    this.#flush()
  }

  /** The terminal has wrapped the lines anew: they are counted as they lie now, and taken away. */
  #resized(): void {
    const { columns = 80 } = this.#terminal
    const rows = this.#lines.reduce((sum, line) => sum + Math.max(1, Math.ceil(widthOf(line) / columns)), 0)
    if (rows > 0) this.#out += `\u001b[${rows}A\r\u001b[J`
    this.#lines = []
    this.#update = this.#newUpdate()
    this.#draw()
  }

  #dress({ tone, text }: PanelLine): string {
    const style = STYLES[tone]
    return this.#colour && style !== undefined ? styleText(style, text, { validateStream: false }) : text
  }

  #newUpdate(): ReturnType<typeof createLogUpdate> {
    const owner = this
    const gathering = {
      get columns() {
        return owner.#terminal.columns ?? 80
      },
      get rows() {
        return owner.#terminal.rows ?? 24
      },
      write(text: string) {
        owner.#out += text
        return true
      },
    }
    // The cursor is ours to hide: the library would listen to signals for it.
    return createLogUpdate(gathering as unknown as NodeJS.WriteStream, { showCursor: true })
  }

  #flush(): void {
    if (this.#out === '') return
    this.#terminal.write(`${BEGIN}${this.#out}${END}`)
    this.#out = ''
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: colours are what is taken out
const widthOf = (line: string): number => line.replaceAll(/\u001b\[[0-9;]*m/g, '').length
