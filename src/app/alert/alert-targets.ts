/** The targets that the settings name, in the order webhook, Slack, mail. */
import type { Target } from '#alert'
import type { Config } from '../config/config.ts'

export function targetsOf({ alert: { webhook, slackUrl, mail } }: Pick<Config, 'alert'>): Target[] {
  return [
    ...(webhook === undefined ? [] : [{ kind: 'webhook', ...webhook } as const]),
    ...(slackUrl === undefined ? [] : [{ kind: 'slack', url: slackUrl } as const]),
    ...(mail === undefined ? [] : [{ kind: 'mail', ...mail } as const]),
  ]
}

/** The settings that make targets, for whoever has none. */
export const TARGET_SETTINGS =
  'KALSHIFLOW_ALERT_WEBHOOK_URL, KALSHIFLOW_ALERT_SLACK_URL, or KALSHIFLOW_ALERT_SMTP_URL with KALSHIFLOW_ALERT_MAIL_FROM and KALSHIFLOW_ALERT_MAIL_TO'
