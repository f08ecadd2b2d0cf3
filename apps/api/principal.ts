import { isIPv6 } from 'node:net'

/** One customer of an IPv6 provider has a network of this many bits to choose addresses from. */
const NETWORK_GROUPS = 4

/**
 * Who asks, as far as rates and slots are counted: the client's address, or its network with IPv6.
 *
 * @param remote the other end of the connection
 * @param forwarded `X-Forwarded-For` as it came: each proxy adds the address that it was called from
 * @param proxies how many proxies stand before this process; what is further to the left may be made up
 */
export function principalOf(
  remote: string | undefined,
  forwarded: string | undefined,
  proxies: number,
): string {
  const hops = (forwarded ?? '').split(',').map((hop) => hop.trim())
  const told = proxies > 0 ? hops.at(-proxies) : undefined
  const address = told || (remote ?? 'unknown')
  const plain = address.startsWith('::ffff:') ? address.slice('::ffff:'.length) : address
  return isIPv6(plain) ? networkOf(plain) : plain
}

/** The first groups of an IPv6 address, written out. */
function networkOf(address: string): string {
  const [head = '', tail] = address.split('::')
  const before = head.split(':').filter(Boolean)
  const after = (tail ?? '').split(':').filter(Boolean)
  const zeros = tail === undefined ? 0 : 8 - before.length - after.length
  const groups = [...before, ...Array.from({ length: zeros }, () => '0'), ...after]
  const first = groups.slice(0, NETWORK_GROUPS).map((group) => Number.parseInt(group, 16))
  return `${first.map((group) => group.toString(16)).join(':')}::/64`
}
