import { getAddress } from 'viem'
import { describe, expect, test } from 'vitest'
import { addressFault, parseAddress } from '#core/chain.ts'
import { withChecksum } from '#core/checksum.ts'
import { createRandom } from '../fakes/random.ts'

/** Of EIP-55, "Test Cases": all capitals, all small, and both. */
const VECTORS = [
  '0x52908400098527886E0F7030069857D2E4169EE7',
  '0x8617E340B3D01FA5F11F306F4090FD50E238070D',
  '0xde709f2102306220921060314715629080e2fb77',
  '0x27b1fdb04752bbc536007a920d24acb045561c26',
  '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
  '0xfB6916095ca1df60bB79Ce92cE3Ea74c37c5d359',
  '0xdbF03B407c01E7cD3CBea99509d93f8DDDC8C6FB',
  '0xD1220A0cf47c7B9Be7A2E6BA89F429762e7b9aDb',
]

describe('the checksum of an address', () => {
  test.each(VECTORS)('of EIP-55: %s', (address) => {
    expect(withChecksum(address.toLowerCase())).toBe(address)
    expect(parseAddress(address, 'a')).toBe(address.toLowerCase())
  })

  test('is what viem makes it', () => {
    const random = createRandom(55)
    for (let count = 0; count < 500; count++) {
      const address = `0x${random.bits(160).toString(16).padStart(40, '0')}` as const
      expect(withChecksum(address)).toBe(getAddress(address))
    }
  })

  test('is not asked for where all letters are of one case', () => {
    const address = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
    expect(addressFault(address.toLowerCase())).toBeUndefined()
    expect(addressFault(`0x${address.slice(2).toUpperCase()}`)).toBeUndefined()
    expect(addressFault(`0x${'1'.repeat(40)}`)).toBeUndefined()
  })

  test('that is wrong is refused with the right one, and so is what is no address', () => {
    // The last letter is of the other case.
    const wrong = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD'
    expect(() => parseAddress(wrong, 'pool')).toThrow(
      /^pool: "0x5a.*checksum is wrong .*0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed$/,
    )
    // A digit is another one: the capitals show it.
    expect(addressFault('0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe0')).toContain('mistyped')
    expect(addressFault('0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAe')).toBe(
      'not an address (0x and 40 hex digits)',
    )
  })
})
