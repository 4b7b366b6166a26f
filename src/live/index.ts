/** What subscribers and answers see of the feed's books. */
export { type BookView, type ShownBook, viewBook } from './book-view.ts'
export { BookHub, type HubSubscriber, type HubSubscription } from './hub.ts'
