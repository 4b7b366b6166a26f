/** Whether the exchange tells what this key may do. */
import { judged, notSeen, type Question } from '../question.ts'

export const keyListing: Question = {
  id: 'key-listing',
  fact: '`/api_keys` answers a key that can only read, with its scopes.',
  matters: 'A key that may do more is told of, and refused with --strict-key.',
  answer({ scopes }) {
    if (scopes === undefined) return notSeen('it was not asked')
    return judged(!scopes.startsWith('untold'), scopes)
  },
}
