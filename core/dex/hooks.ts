import type { Address } from '#core/chain.ts'

/** What the hooks of a pool of Uniswap V4 may do, from the highest bit of their flags down (Hooks.sol). */
const HOOK_FLAGS = [
  'before-initialize',
  'after-initialize',
  'before-add-liquidity',
  'after-add-liquidity',
  'before-remove-liquidity',
  'after-remove-liquidity',
  'before-swap',
  'after-swap',
  'before-donate',
  'after-donate',
  'before-swap-returns-delta',
  'after-swap-returns-delta',
  'after-add-liquidity-returns-delta',
  'after-remove-liquidity-returns-delta',
] as const

/** The flags are the lowest bits of the address of the hooks, which therefore cannot change. */
export function hookFlags(hooks: Address): (typeof HOOK_FLAGS)[number][] {
  const bits = Number(BigInt(hooks) & ((1n << BigInt(HOOK_FLAGS.length)) - 1n))
  return HOOK_FLAGS.filter((_, index) => bits & (1 << (HOOK_FLAGS.length - 1 - index)))
}
