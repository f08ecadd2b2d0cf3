import type { Address, BlockRef, Hash } from '#core/chain.ts'
import type { TickChanges } from '#core/dex/ports.ts'
import { BURN_V3, MINT_V3 } from '#core/dex/sources/uniswap-v3.ts'
import { RpcFailure } from './endpoint.ts'
import { toHash, toLog, toObject } from './parse.ts'
import type { Rpc } from './rpc.ts'

/**
 * Which V3 pools had positions changed in a block, from its logs: in one request with its header, which tells the block
 * before. Both by hash (EIP-234): a node that does not know the block, or is on another branch, refuses.
 */
export const createRpcTickChanges = (rpc: Rpc): TickChanges => ({
  async read(block) {
    const { value } = await rpc.converse(({ askEach }) =>
      askEach([
        { method: 'eth_getBlockByHash', params: [block.hash, false] },
        {
          method: 'eth_getLogs',
          params: [{ blockHash: block.hash, topics: [[MINT_V3, BURN_V3]] }],
        },
      ]),
    )
    const [header, logs] = value
    const parentHash = parentOf(header, block)
    const changed = poolsIn(logs, block)
    return parentHash && changed ? { block, parentHash, changed } : undefined
  },
})

/** Undefined where the node does not tell, or tells another block. */
function parentOf(header: unknown, { number, hash }: BlockRef): Hash | undefined {
  if (header === null || header instanceof RpcFailure) return undefined
  const what = `block ${number}`
  const told = toObject(header, what)
  return toHash(told.hash, what) === hash ? toHash(told.parentHash, `${what}: parent`) : undefined
}

/** Undefined where the node does not tell: no list is not an empty one. */
function poolsIn(logs: unknown, { hash }: BlockRef): ReadonlySet<Address> | undefined {
  if (!Array.isArray(logs)) return undefined
  const found = logs.map(toLog)
  return found.every(({ blockHash }) => blockHash === hash)
    ? new Set(found.map(({ address }) => address))
    : undefined
}
