/** `--faults help`: every switch with an example, made from the table that specs are checked against. */
import { FAULT_KINDS, FAULT_NAMES } from './fault-kinds.ts'

const EXAMPLE_COLUMNS = 20
const LINE_COLUMNS = 100

export function describeFaults(): string {
  const rows = FAULT_NAMES.map((name) => {
    const { example, does, targets } = FAULT_KINDS[name]
    const aim = targets.length === 0 ? '' : ` (:${targets.join(' :')})`
    return `  ${example.padEnd(EXAMPLE_COLUMNS)}  ${wrap(`${does}${aim}`)}`
  })
  return [
    'Faults have commas between them: NAME[=VALUE][@WHEN][:TARGET…]',
    '',
    ...rows,
    '',
    'VALUE   1% or 0.01 of the frames; 500ms, 5s, 2min, 1h; +3s or -90s; 200ms/min; an error code; a number',
    'WHEN    @20s once; @20s-40s from and until; @20s+60s and again every 60 s. Counted from the first connection.',
    '        Nothing: from the start on. A fault of single frames without a share happens to one frame.',
    'TARGET  a connection’s number (2), a channel (trade), a market’s ticker; all of them when none is named',
    '',
    'Chance comes from --seed. What was done, to whom and when, is told by GET /exchange/sent.',
    '',
    'Examples:',
    '  --faults drop=0.1%,duplicate=0.5%',
    '  --faults stall=5s@30s+60s,late=+200ms/min:1',
    '  --faults cut@40s,429=3@40s,maintenance=10s@2min',
  ].join('\n')
}

function wrap(text: string): string {
  const lines: string[] = ['']
  for (const word of text.split(' ')) {
    const last = lines.at(-1) as string
    if (last.length + word.length >= LINE_COLUMNS - EXAMPLE_COLUMNS) lines.push(word)
    else lines[lines.length - 1] = last === '' ? word : `${last} ${word}`
  }
  return lines.join(`\n${' '.repeat(EXAMPLE_COLUMNS + 4)}`)
}
