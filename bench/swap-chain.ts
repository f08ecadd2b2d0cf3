import { createRequire } from 'node:module'
import { type Abi, encodeDeployData, encodeFunctionData, getContractAddress, http } from 'viem'
import { type Anvil, startAnvil } from '#devnet/anvil.ts'
import { contracts } from '#devnet/contracts.ts'
import type { Address, Hex } from '#core/chain.ts'

/** A chain of real Uniswap V2 pairs that have swapped a lot. */
export type SwapChain = AsyncDisposable & {
  readonly url: string
  readonly factory: Address
  /** The blocks that hold the swaps and the pairs' creation. */
  readonly from: number
  readonly to: number
  readonly pairs: number
  /** Mines a block with so many swaps more, and resolves to its number. */
  mine(swaps: number): Promise<number>
  /** Goes back to how the chain was now, when the result is called. Once. */
  remember(): Promise<() => Promise<void>>
}

export type SwapChainOptions = {
  readonly pairs: number
  readonly blocks: number
  readonly swapsPerBlock: number
  readonly onBlock?: (done: number) => void
}

const SWAPS_PER_TRANSACTION = 100
const PAIRS_PER_TRANSACTION = 3
const GAS = '0xd59f80'
/** Blocks after the last swap, so that all swaps are final: anvil calls what is 64 blocks old final. */
const FINAL_AFTER = 70
const BATCH = 20

const artifact = createRequire(import.meta.url)('./swap-load.artifact.json') as {
  readonly abi: Abi
  readonly bytecode: Hex
}

/** Makes the chain: some seconds for every 50,000 swaps. */
export async function makeSwapChain(options: SwapChainOptions): Promise<SwapChain> {
  const anvil = await startAnvil()
  try {
    return await fill(anvil, options)
  } catch (error) {
    await anvil.stop()
    throw error
  }
}

async function fill(anvil: Anvil, options: SwapChainOptions): Promise<SwapChain> {
  const { pairs, blocks, swapsPerBlock, onBlock } = options
  const transport = http(anvil.url, { timeout: 120_000, retryCount: 0, batch: { batchSize: 50 } })(
    {},
  )
  const request = async <T>(method: string, params: readonly unknown[] = []): Promise<T> => {
    const result: unknown = await transport.request({ method, params })
    return result as T
  }
  const [from] = await request<Address[]>('eth_accounts')
  let nonce = 0
  const send = (to: Address | null, data: Hex): Promise<unknown> =>
    request('eth_sendTransaction', [
      { from, to, data, gas: GAS, nonce: `0x${(nonce++).toString(16)}` },
    ])
  const created = (): Address =>
    getContractAddress({ from: from as Address, nonce: BigInt(nonce - 1) }).toLowerCase() as Address
  const call = (functionName: string, ...args: bigint[]): Promise<unknown> =>
    send(load, encodeFunctionData({ abi: artifact.abi, functionName, args }))

  await send(null, encodeDeployData({ ...contracts.v2Factory, args: [from] }))
  const factory = created()
  await send(null, encodeDeployData({ ...artifact, args: [factory] }))
  const load = created()
  await request('evm_mine')
  for (let made = 0; made < pairs; made += PAIRS_PER_TRANSACTION) {
    await call('addPairs', BigInt(Math.min(PAIRS_PER_TRANSACTION, pairs - made)))
    await request('evm_mine')
  }
  async function mineSwaps(count: number): Promise<void> {
    const sent: Promise<unknown>[] = []
    for (let swaps = 0; swaps < count; swaps += SWAPS_PER_TRANSACTION)
      sent.push(call('run', BigInt(Math.min(SWAPS_PER_TRANSACTION, count - swaps)), BigInt(nonce)))
    await Promise.all(sent)
    await request('evm_mine')
  }
  for (let block = 0; block < blocks; block++) {
    await mineSwaps(swapsPerBlock)
    if (block % BATCH === 0) onBlock?.(block)
  }
  const to = Number(await request<Hex>('eth_blockNumber'))
  await request('anvil_mine', [`0x${FINAL_AFTER.toString(16)}`])
  return {
    url: anvil.url,
    factory,
    from: 0,
    to,
    pairs,
    async mine(swaps) {
      await mineSwaps(swaps)
      return Number(await request<Hex>('eth_blockNumber'))
    },
    async remember() {
      const [id, nonceThen] = [await request('evm_snapshot'), nonce]
      return async () => {
        await request('evm_revert', [id])
        nonce = nonceThen
      }
    },
    [Symbol.asyncDispose]: () => anvil.stop(),
  }
}
