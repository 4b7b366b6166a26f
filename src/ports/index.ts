/** The doors to the outside, as types. Compiles to nothing. */
export type * from './clock.ts'
export type * from './disk.ts'
export type * from './journal.ts'
export type * from './random.ts'
export type * from './time.ts'
