import type { Address } from '#core/chain.ts'
import { systemClock } from '#wiring/system.ts'
import type { Deployment, DevToken } from './deployment.ts'
import { createFairValue } from './fair-value.ts'
import { approveAll, evenOut } from './funds.ts'
import { mintMenu, nftMenu } from './nfts.ts'
import { type Call, connect, type FailedCall, refuseFailures } from './node.ts'
import { v3PositionMenu } from './positions-v3.ts'
import { createRandom, type Random } from './random.ts'
import { v2Menu } from './trade-v2.ts'
import { v3SwapMenu } from './trade-v3.ts'
import { choose, type PoolTurn, type Turn } from './turn.ts'

export type PlayedBlock = {
  readonly number: number
  readonly transactions: number
  readonly failed: readonly FailedCall[]
}

export type TradersOptions = {
  /** From one block to the next. 0: as fast as it goes. */
  readonly blockTimeMs: number
  /** The same seed on the same chain trades the same. */
  readonly seed: string
  readonly onBlock?: (block: PlayedBlock) => void
  /** A block that could not be played; the next one is tried. */
  readonly onError?: (error: unknown) => void
}

export type Traders = {
  /** Resolves once the block that is being played is done. */
  stop(): Promise<void>
}

/** Of the accounts, so many do something in a block. */
const ACTIVITY = 0.85
const NFT_SHARE = 0.2
/** Of what is done with a V3 pool. */
const POSITION_SHARE = 0.3
const RETRY_MS = 1_000

/**
 * Trades for ever, and makes the chain's blocks meanwhile: each holds what its accounts came up with. What they own and
 * have sent is read from the chain, so a simulation can stop and go on at any block.
 */
export function startTraders(
  rpcUrl: string,
  deployment: Deployment,
  options: TradersOptions,
): Traders {
  const { blockTimeMs, seed, onBlock, onError } = options
  const { deployer, traders, pools } = deployment
  const node = connect(rpcUrl)
  const fairValue = createFairValue(seed)
  const stopping = new AbortController()

  const headNumber = async (): Promise<number> => Number(await node.request('eth_blockNumber'))

  async function prepare(): Promise<FailedCall[]> {
    const calls = await Promise.all(
      traders.flatMap((trader) => [
        evenOut(node, deployment, trader),
        approveAll(node, deployment, trader),
      ]),
    )
    return calls.flat().length > 0 ? node.execute(calls.flat(), 'now') : []
  }

  async function playBlock(): Promise<void> {
    const number = (await headNumber()) + 1
    const randomOf = (who: string): Random => createRandom(`${seed}/${number}/${who}`)
    const usdOf = (token: DevToken): number => fairValue(token, number)
    const turnOf = (account: Address): Turn => ({
      node,
      deployment,
      account,
      random: randomOf(account),
      usdOf,
    })
    // A pool each: two that push the same pool to its fair price would push it beyond.
    const shuffled = randomOf('pools').shuffle(pools)
    const mint = turnOf(deployer)
    const poor = traders[number % traders.length] as Address
    const calls = await Promise.all([
      choose(mint.random, mintMenu)(mint),
      ...traders.map((account, index) =>
        play({ ...turnOf(account), pool: shuffled[index] as PoolTurn['pool'] }),
      ),
      evenOut(node, deployment, poor),
    ])
    const block = calls.flat().filter((call) => call !== undefined)
    const failed = await node.execute(block, 'now')
    onBlock?.({ number, transactions: block.length, failed })
  }

  async function run(): Promise<void> {
    let prepared = false
    while (!stopping.signal.aborted) {
      const startedAt = performance.now()
      try {
        if (!prepared) {
          const failed = await prepare()
          prepared = true
          refuseFailures(failed)
        }
        await playBlock()
      } catch (error) {
        if (stopping.signal.aborted) return
        onError?.(error)
        await systemClock.sleep(RETRY_MS, stopping.signal)
      }
      const spent = performance.now() - startedAt
      await systemClock.sleep(Math.max(0, blockTimeMs - spent), stopping.signal)
    }
  }

  const running = run()
  return {
    async stop() {
      stopping.abort()
      await running
    },
  }
}

/** What one account does in this block. */
async function play(turn: PoolTurn): Promise<Call | undefined> {
  const { random, pool } = turn
  if (!random.chance(ACTIVITY)) return undefined
  if (random.chance(NFT_SHARE)) return choose<Turn>(random, nftMenu)(turn)
  if (pool.protocol === 'uniswap-v2') return choose(random, v2Menu)(turn)
  return choose(random, random.chance(POSITION_SHARE) ? v3PositionMenu : v3SwapMenu)(turn)
}
