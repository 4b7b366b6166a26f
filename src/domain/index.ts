/** The words of the program: prices, sizes, sides, tickers, positions, records. Integers with units; imports nothing. */
export * from './environment.ts'
export * from './level.ts'
export * from './position.ts'
export * from './record.ts'
export * from './side.ts'
export * from './ticker.ts'
export * from './units.ts'
