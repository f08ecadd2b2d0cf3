/** How lens.sol and pool-router.sol know the protocols apart. */
export const KINDS = {
  'uniswap-v2': 2,
  'uniswap-v3': 3,
  'uniswap-v4': 4,
  solidly: 5,
  'velodrome-v2': 6,
  'algebra-v1': 7,
  'algebra-integral': 8,
} as const
