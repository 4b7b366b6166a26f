/** All questions, in the order of the report. A fact of docs/wire.md that is "unconfirmed live" has one of them. */
import type { Question } from '../question.ts'
import { clockTolerance } from './clock-tolerance.ts'
import { closingPurge } from './closing-purge.ts'
import { compression } from './compression.ts'
import { crossedInGroup } from './crossed-in-group.ts'
import { errorCodes } from './error-codes.ts'
import { errorsOfASid } from './errors-of-a-sid.ts'
import { exchangeStatus } from './exchange-status.ts'
import { exchangeTimes } from './exchange-times.ts'
import { framesEnd } from './frames-end.ts'
import { keyListing } from './key-listing.ts'
import { keyType } from './key-type.ts'
import { levelOrder } from './level-order.ts'
import { limitsNotAsked } from './limits-not-asked.ts'
import { listSubscriptions } from './list-subscriptions.ts'
import { numberedChannels } from './numbered-channels.ts'
import { numbersFromOne } from './numbers-from-one.ts'
import { okTakesANumber } from './ok-takes-a-number.ts'
import { pings } from './pings.ts'
import { priceDefault } from './price-default.ts'
import { restBudget } from './rest-budget.ts'
import { restErrorShape } from './rest-error-shape.ts'
import { restTradesOrder } from './rest-trades-order.ts'
import { restUnknownBooks } from './rest-unknown-books.ts'
import { restUnsigned } from './rest-unsigned.ts'
import { secondSubscribe } from './second-subscribe.ts'
import { sendingTime } from './sending-time.ts'
import { settledMarket } from './settled-market.ts'
import { sidsFromOne } from './sids-from-one.ts'
import { snapshotIsExact } from './snapshot-is-exact.ts'
import { snapshotWithoutOk } from './snapshot-without-ok.ts'
import { tradeAndDelta } from './trade-and-delta.ts'
import { unknownFields } from './unknown-fields.ts'
import { unknownTicker } from './unknown-ticker.ts'
import { unsignedHandshake } from './unsigned-handshake.ts'
import { unsubscribedTakesANumber } from './unsubscribed-takes-a-number.ts'
import { yesPrices } from './yes-prices.ts'

export const QUESTIONS: readonly Question[] = [
  keyType,
  unsignedHandshake,
  clockTolerance,
  compression,
  pings,
  sidsFromOne,
  numbersFromOne,
  okTakesANumber,
  errorsOfASid,
  unsubscribedTakesANumber,
  numberedChannels,
  secondSubscribe,
  listSubscriptions,
  errorCodes,
  snapshotWithoutOk,
  snapshotIsExact,
  yesPrices,
  priceDefault,
  levelOrder,
  unknownTicker,
  settledMarket,
  crossedInGroup,
  closingPurge,
  tradeAndDelta,
  sendingTime,
  exchangeTimes,
  framesEnd,
  unknownFields,
  exchangeStatus,
  keyListing,
  restBudget,
  restUnsigned,
  restUnknownBooks,
  restTradesOrder,
  restErrorShape,
  limitsNotAsked,
]
