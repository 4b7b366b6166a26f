import { expect, test } from 'vitest'
import { aLog } from '../../../test/support/recording.ts'
import { tellApiEvent } from './api-log.ts'
import { REPEAT_LIMITS } from './log-repeats.ts'

test('whoever tries tokens fills no log, and no command that was taken goes untold', () => {
  const { log, of } = aLog()
  const call = { kind: 'admin_call', action: 'flush', client: '127.0.0.1' } as const
  for (let tries = 0; tries < 1_000; tries++) {
    tellApiEvent(log, { ...call, status: 401 })
    tellApiEvent(log, { kind: 'websocket_event', what: 'client_refused', code: 'FLOW_API_UNAUTHORIZED' })
    tellApiEvent(log, { kind: 'request_failed', route: 'GET /rl/x', id: 'req-1', error: new Error('no') })
    if (tries % 100 === 0) tellApiEvent(log, { ...call, status: 200 })
  }
  const calls = of('api_admin_call')
  expect(calls.filter(({ status }) => status === 401)).toHaveLength(REPEAT_LIMITS.linesMax)
  expect(calls.filter(({ status }) => status === 200)).toHaveLength(10)
  expect(of('api_event')).toHaveLength(REPEAT_LIMITS.linesMax)
  expect(of('api_request_failed')).toHaveLength(REPEAT_LIMITS.linesMax)
})
