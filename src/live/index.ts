/** What subscribers and answers see of the feed's books, beside the feed or in a copy made from the journal. */
export { type BookView, type ShownBook, viewBook } from './book-view.ts'
export * from './control/index.ts'
export { foldRecord, receivedMs } from './fold-record.ts'
export { BookHub, type HubSubscriber, type HubSubscription } from './hub.ts'
export type { LinkState, RecorderHead, RecorderLink } from './recorder-link.ts'
