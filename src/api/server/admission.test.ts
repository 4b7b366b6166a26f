import { inspect } from 'node:util'
import { describe, expect, test } from 'vitest'
import { Admission } from './admission.ts'

const READ = 'reader-reader-reader'
const admissionOn = (host: string) =>
  new Admission({ host, readToken: READ, adminToken: 'admin-admin-admin', corsOrigins: ['https://panel.example'] })

describe('admission', () => {
  test('takes pages of our own address and those that are named, and programs, which send no origin', () => {
    const { checkOrigin } = {
      checkOrigin: (origin?: string) => admissionOn('127.0.0.1').checkOrigin({ origin, host: 'localhost:8001' }),
    }
    for (const origin of [undefined, 'http://localhost:8001', 'https://panel.example']) {
      expect(checkOrigin(origin), origin).toBeUndefined()
    }
    for (const origin of [
      'http://localhost:9',
      'https://evil.example',
      'null',
      '',
      'https://panel.example.evil',
      'file://',
    ]) {
      expect(checkOrigin(origin)?.code, origin).toBe('FLOW_API_FORBIDDEN')
    }
  })

  test('asks for the name in Host on loopback, and for a token elsewhere', () => {
    expect(admissionOn('127.0.0.1').checkHost('evil.example')?.code).toBe('FLOW_API_HOST')
    expect(admissionOn('localhost').checkHost(undefined)?.code).toBe('FLOW_API_HOST')
    expect(admissionOn('0.0.0.0').checkHost('recorder.example')).toBeUndefined()
    expect(admissionOn('0.0.0.0').checkRead({ authorization: undefined })?.code).toBe('FLOW_API_UNAUTHORIZED')
  })

  test('holds no token that could be printed', () => {
    expect(inspect(admissionOn('::1'), { depth: 5, showHidden: true })).not.toContain(READ)
  })
})
