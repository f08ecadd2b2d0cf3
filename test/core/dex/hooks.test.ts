import { expect, test } from 'vitest'
import { hookFlags } from '#core/dex/hooks.ts'

test('what hooks may do is told by the lowest bits of their address', () => {
  const address = (flags: number) =>
    `0x${(0xabc0_0000 + flags).toString(16).padStart(40, '0')}` as const
  expect(hookFlags(address(0))).toEqual([])
  expect(hookFlags(address(0x2000))).toEqual(['before-initialize'])
  expect(hookFlags(address(0xc0))).toEqual(['before-swap', 'after-swap'])
  expect(hookFlags(address(0x11))).toEqual(['after-donate', 'after-remove-liquidity-returns-delta'])
  expect(hookFlags(address(0x3fff))).toHaveLength(14)
  // Bits above the flags are part of the address alone.
  expect(hookFlags(address(0xc000))).toEqual([])
})
