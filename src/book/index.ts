/** One market's two ladders and views of them. Pure, synchronous. */
export { Book, type Tick } from './book.ts'
export { canonicalText } from './canonical.ts'
export { depthWithin, imbalance } from './depth.ts'
export type { Top } from './top.ts'
