import { maxUint256 } from 'viem'
import type { Address } from '#core/chain.ts'
import { amountRaw, type Deployment } from './deployment.ts'
import type { Call, DevNode } from './node.ts'
import { callOf } from './turn.ts'

/** What each trader has of each token when all is even, in dollars. Between half and double of it nothing is done. */
const PURSE_USD = 300_000

/**
 * What brings a trader's tokens back to the usual amount: gifts from the deployer, who holds the rest, and what is too
 * much given back. Nothing is made or lost, so this goes on for ever.
 */
export async function evenOut(
  node: DevNode,
  deployment: Deployment,
  trader: Address,
): Promise<Call[]> {
  const { tokens, deployer } = deployment
  const balances = await Promise.all(
    tokens.map(({ address }) => node.read<bigint>('token', address, 'balanceOf', [trader])),
  )
  return tokens.flatMap((token, index) => {
    const balance = balances[index] as bigint
    const usual = amountRaw(token, PURSE_USD)
    const move = (from: Address, to: Address, amount: bigint): Call =>
      callOf(from, 'token', token.address, 'transfer', [to, amount])
    if (balance < usual / 2n) return move(deployer, trader, usual - balance)
    if (balance > usual * 2n) return move(trader, deployer, balance - usual)
    return []
  })
}

/** Lets the routers and the position manager take a trader's tokens, where they may not already. */
export async function approveAll(
  node: DevNode,
  deployment: Deployment,
  trader: Address,
): Promise<Call[]> {
  const { tokens, pools, v2Router, v3Router, positionManager } = deployment
  const wanted = [
    ...tokens.flatMap(({ address }) =>
      [v2Router, v3Router, positionManager].map((spender) => ({ address, spender })),
    ),
    // The shares of a V2 pair, which the router takes back when liquidity is removed.
    ...pools
      .filter(({ protocol }) => protocol === 'uniswap-v2')
      .map(({ address }) => ({ address, spender: v2Router })),
  ]
  const allowances = await Promise.all(
    wanted.map(({ address, spender }) =>
      node.read<bigint>('token', address, 'allowance', [trader, spender]),
    ),
  )
  return wanted.flatMap(({ address, spender }, index) =>
    (allowances[index] as bigint) > ENOUGH
      ? []
      : callOf(trader, 'token', address, 'approve', [spender, maxUint256]),
  )
}

/** Some tokens count an unlimited allowance down; this is still more than any will ever move. */
const ENOUGH = 2n ** 128n
