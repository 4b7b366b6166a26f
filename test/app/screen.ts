/** A terminal as far as a panel needs one: a grid of characters, the cursor, and the few control sequences in use. */
// biome-ignore lint/suspicious/noControlCharactersInRegex: it begins with one
const SEQUENCE = /\u001b\[(\??)(\d*)(?:;\d+)*([A-Za-z])/y

export class Screen {
  readonly isTTY = true
  columns: number
  rows: number
  /** Rows that have scrolled out at the top are kept. */
  readonly #grid: string[] = ['']
  #row = 0
  #column = 0
  isCursorShown = true
  writes = 0
  readonly #listeners = new Set<() => void>()

  constructor(columns: number, rows: number) {
    this.columns = columns
    this.rows = rows
  }

  on(_: 'resize', listener: () => void): void {
    this.#listeners.add(listener)
  }

  off(_: 'resize', listener: () => void): void {
    this.#listeners.delete(listener)
  }

  /** The window is drawn wider or narrower; what is too long for it now lies on more rows. */
  resize(columns: number): void {
    const rows = this.#grid.flatMap((row) => {
      const parts = row.trimEnd().match(new RegExp(`.{1,${columns}}`, 'gu')) ?? ['']
      return [...parts]
    })
    this.#grid.splice(0, this.#grid.length, ...rows)
    this.#row = this.#grid.length - 1
    this.#column = 0
    this.columns = columns
    for (const each of this.#listeners) each()
  }

  /** What is on it, without empty rows at the end. */
  get text(): string[] {
    const rows = this.#grid.map((row) => row.trimEnd())
    while (rows.at(-1) === '') rows.pop()
    return rows
  }

  write(text: string): void {
    this.writes++
    for (let at = 0; at < text.length; ) {
      SEQUENCE.lastIndex = at
      const found = SEQUENCE.exec(text)
      if (found === null) this.#put(text[at++]!)
      else {
        this.#control(found[1] === '?', found[2]!, found[3]!)
        at = SEQUENCE.lastIndex
      }
    }
  }

  #control(isPrivate: boolean, digits: string, letter: string): void {
    const count = Number(digits === '' ? 1 : digits)
    if (isPrivate) {
      if (digits === '25') this.isCursorShown = letter === 'h'
    } else if (letter === 'A') this.#row = Math.max(Math.max(0, this.#grid.length - this.rows), this.#row - count)
    else if (letter === 'B') this.#row = Math.min(this.#grid.length - 1, this.#row + count)
    else if (letter === 'G') this.#column = count - 1
    else if (letter === 'K') this.#erase(digits)
    else if (letter === 'J') {
      this.#grid[this.#row] = this.#grid[this.#row]!.slice(0, this.#column)
      this.#grid.length = this.#row + 1
    } else if (letter !== 'm') throw new Error(`the screen does not know ${letter}`)
  }

  #erase(digits: string): void {
    const row = this.#grid[this.#row]!
    this.#grid[this.#row] = digits === '2' ? '' : row.slice(0, this.#column)
  }

  #put(character: string): void {
    if (character === '\r') this.#column = 0
    else if (character === '\n') this.#down()
    else {
      if (this.#column >= this.columns) this.#down()
      const row = this.#grid[this.#row]!.padEnd(this.#column)
      this.#grid[this.#row] = row.slice(0, this.#column) + character + row.slice(this.#column + 1)
      this.#column++
    }
  }

  #down(): void {
    this.#row++
    this.#column = 0
    if (this.#row === this.#grid.length) this.#grid.push('')
  }
}
