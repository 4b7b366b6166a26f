/** Which codes broken commands are answered with. */
import { judged, notSeen, type Question } from '../question.ts'
import { answersTo, commandsWith, typeOf } from '../seen.ts'

export const errorCodes: Question = {
  id: 'error-codes',
  fact: 'An unknown command is answered 5, an unknown channel 8, an unknown sid 7, an unknown action 13.',
  matters: 'Which errors end a subscription: src/feed/error-codes.ts.',
  answer({ connections: { yes } }) {
    const asked: [string, readonly string[], number][] = [
      ['unknown command', ['"no_such_command"'], 5],
      ['unknown channel', ['"no_such_channel"'], 8],
      ['unknown sid', ['"sids":[999999]'], 7],
      ['unknown action', ['"no_such_action"'], 13],
    ]
    const found = asked.map(([what, words, code]) => {
      const command = commandsWith(yes, ...words)[0]
      const error =
        command === undefined ? undefined : answersTo(yes, command.id).find((one) => typeOf(one) === 'error')
      return { what, code, got: error?.msg['code'], text: error?.text }
    })
    const answered = found.filter(({ got }) => got !== undefined)
    if (answered.length === 0) return notSeen('none was answered by an error with its id')
    const observation = found.map(({ what, got }) => `${what}: ${String(got ?? 'no answer')}`).join('; ')
    return judged(
      answered.every(({ got, code }) => got === code),
      observation,
      answered.map(({ text }) => text ?? ''),
    )
  },
}
