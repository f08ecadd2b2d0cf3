import { encodeCall, readWords } from '#core/abi.ts'
import type { Address, BlockRef, Hex } from '#core/chain.ts'
import type { NftReader } from '#core/nft/ports.ts'
import { RpcFailure, type RpcCall } from './endpoint.ts'
import type { Rpc } from './rpc.ts'

/** keccak256 of `ownerOf(uint256)` and of `balanceOf(address,uint256)`, four bytes. */
const OWNER_OF = '0x6352211e'
const BALANCE_OF = '0x00fdd58e'

/** Calls of one request. */
const CALLS_BATCH = 100
const ADDRESS_BITS = 160n

/** Owners and balances by `eth_call`, pinned to the block's hash (EIP-1898). */
export function createRpcNftReader(rpc: Rpc): NftReader {
  return {
    async owners(block, tokens) {
      const words = await readEach(
        rpc,
        block,
        tokens.map(({ collection, tokenId }) => ({
          to: collection,
          data: encodeCall(OWNER_OF, [tokenId]),
        })),
      )
      return words.map((word) => {
        if (word === null || word === undefined) return word
        return word >> ADDRESS_BITS === 0n ? addressOf(word) : undefined
      })
    },
    async balances(block, holdings) {
      const words = await readEach(
        rpc,
        block,
        holdings.map(({ collection, owner, tokenId }) => ({
          to: collection,
          data: encodeCall(BALANCE_OF, [owner, tokenId]),
        })),
      )
      return words.map((word) => word ?? undefined)
    },
  }
}

const addressOf = (word: bigint): Address => `0x${word.toString(16).padStart(40, '0')}`

/** The first word of each answer; null where the contract reverts, undefined where it answers something else. */
async function readEach(
  rpc: Rpc,
  { hash }: BlockRef,
  calls: readonly { readonly to: Address; readonly data: Hex }[],
): Promise<(bigint | null | undefined)[]> {
  const words: (bigint | null | undefined)[] = []
  for (let from = 0; from < calls.length; from += CALLS_BATCH) {
    const part = calls.slice(from, from + CALLS_BATCH).map((call): RpcCall => ({
      method: 'eth_call',
      params: [call, { blockHash: hash }],
    }))
    // oxlint-disable-next-line no-await-in-loop -- one request at a time is enough for what nobody waits for
    const { value } = await rpc.converse(async (node) => (await node.askEach(part)).map(toWord))
    words.push(...value)
  }
  return words
}

/** @throws RpcFailure where the node does not tell: then another one is asked */
function toWord(result: unknown): bigint | null | undefined {
  if (result instanceof RpcFailure) {
    if (result.kind === 'reverted') return null
    throw result
  }
  if (typeof result !== 'string') throw new RpcFailure('bad-answer', 'eth_call: not bytes')
  try {
    const answer = readWords(result as Hex)
    return answer.length === 1 ? answer.uint(0) : undefined
  } catch {
    return undefined
  }
}
