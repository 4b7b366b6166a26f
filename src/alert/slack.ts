/**
 * What Slack's incoming webhooks take: `text` for the notification, `blocks` for the channel. Whatever stands in a message is
 * text: `&`, `<` and `>` are markup there, and `<!channel>` would call everybody.
 */
import { cut, type Message } from './message.ts'
import { post } from './post.ts'
import type { Send } from './target.ts'

/** Slack refuses a header of more than 150 characters, a section of more than 3,000 and more than 10 fields in one. */
const HEADER_LENGTH_MAX = 150
const SECTION_LENGTH_MAX = 2_900
const FIELDS_IN_SECTION_MAX = 10
const SIGNS = { critical: ':red_circle:', warning: ':large_orange_circle:', info: ':large_blue_circle:' } as const

export const sendSlack: Send<'slack'> = (target, message, signal) =>
  post(target.url, JSON.stringify(slackBody(message)), {}, signal)

export function slackBody({ title, text, severity, fields }: Message): object {
  const facts = Object.entries(fields).slice(0, FIELDS_IN_SECTION_MAX)
  const shown = facts.map(([name, value]) => ({
    type: 'mrkdwn',
    text: `*${escaped(name)}*\n${escaped(String(value))}`,
  }))
  return {
    text: `${SIGNS[severity]} ${escaped(title)}`,
    blocks: [
      { type: 'header', text: { type: 'plain_text', text: cut(title, HEADER_LENGTH_MAX) } },
      {
        type: 'section',
        text: { type: 'mrkdwn', text: `${SIGNS[severity]} ${escaped(cut(text, SECTION_LENGTH_MAX / 2))}` },
      },
      ...(shown.length === 0 ? [] : [{ type: 'section', fields: shown }]),
    ],
  }
}

/** At most five times as long, in a text of nothing but `&`: cut to half before, so that only such a text can be refused. */
const escaped = (text: string): string =>
  cut(text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;'), SECTION_LENGTH_MAX)
