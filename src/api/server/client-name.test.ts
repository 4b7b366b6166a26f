import { expect, test } from 'vitest'
import { clientName } from './client-name.ts'

test.each([
  ['127.0.0.1', '127.0.0.1'],
  ['::ffff:10.0.0.7', '10.0.0.7'],
  ['2001:db8:0:1::5', '2001:db8:0:1::/64'],
  ['2001:DB8::1:0:0:5', '2001:db8:0:0::/64'],
  ['2001:0db8:0000:0001:9:9:9:9', '2001:db8:0:1::/64'],
  ['fe80::1%eth0', 'fe80:0:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
  [undefined, 'gone'],
])('a client at %s is counted as %s', (address, name) => expect(clientName(address)).toBe(name))
