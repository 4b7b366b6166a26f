/**
 * By what a client is counted: its IPv4 address, or the /64 of its IPv6 address, since whoever has one address there has
 * all of them. A connection that ended before its request was looked at has no address any more.
 */
import { isIPv6 } from 'node:net'

export function clientName(address: string | undefined): string {
  if (address === undefined || address === '') return 'gone'
  const plain = address.replace(/%.*$/, '').replace(/^::ffff:(?=\d+\.)/i, '')
  return isIPv6(plain) ? `${firstGroups(plain, 4)}::/64` : plain
}

/** The first groups of an IPv6 address in full. */
function firstGroups(address: string, count: number): string {
  const [front = '', back] = address.split('::')
  const head = front === '' ? [] : front.split(':')
  const tail = back === undefined || back === '' ? [] : back.split(':')
  const zeros = back === undefined ? [] : Array<string>(Math.max(0, 8 - head.length - tail.length)).fill('0')
  return [...head, ...zeros, ...tail]
    .slice(0, count)
    .map((group) => group.toLowerCase().replace(/^0+(?=.)/, ''))
    .join(':')
}
