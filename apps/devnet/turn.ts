import { encodeFunctionData } from 'viem'
import type { Address } from '#core/chain.ts'
import { type ContractName, contracts } from './contracts.ts'
import type { Deployment, DevPool, DevToken } from './deployment.ts'
import type { Call, DevNode } from './node.ts'
import type { Random } from './random.ts'

/** One account's chance to do something in a block. */
export type Turn = {
  readonly node: DevNode
  readonly deployment: Deployment
  readonly account: Address
  readonly random: Random
  /** What a token is worth in dollars at this block. */
  readonly usdOf: (token: DevToken) => number
}

/** A turn with a pool that nobody else was given for this block. */
export type PoolTurn = Turn & { readonly pool: DevPool }

/** What to send, or undefined when there is nothing to do just now, such as no position to close. */
type Action<T extends Turn = Turn> = (turn: T) => Promise<Call | undefined>

/** Actions with how often each is drawn, relative to the others. */
export type Menu<T extends Turn> = readonly (readonly [weight: number, action: Action<T>])[]

export function choose<T extends Turn>(random: Random, menu: Menu<T>): Action<T> {
  const total = menu.reduce((sum, [weight]) => sum + weight, 0)
  let rest = random.unit() * total
  for (const [weight, action] of menu) {
    rest -= weight
    if (rest < 0) return action
  }
  throw new Error('a menu without an action to choose')
}

const GAS: Partial<Record<ContractName, bigint>> = {
  v2Router: 600_000n,
  v3Router: 1_200_000n,
  positionManager: 1_000_000n,
  multiToken: 1_000_000n,
}
const OTHER_GAS = 200_000n

/** A call of a contract's function by `from`. */
export const callOf = (
  from: Address,
  contract: ContractName,
  to: Address,
  functionName: string,
  args: readonly unknown[],
): Call => ({
  label: `${contract}.${functionName}`,
  from,
  to,
  data: encodeFunctionData({ abi: contracts[contract].abi, functionName, args }),
  gas: GAS[contract] ?? OTHER_GAS,
})
