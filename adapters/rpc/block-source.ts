import type { BlockRange, BlockRef, Hex } from '#core/chain.ts'
import type { BlockSource, HeaderHash, Sourced, SourceHeader } from '#core/indexing/ports.ts'
import { RpcFailure } from './endpoint.ts'
import { blockCall, createHeads, type HeadsOptions, hex, toRef } from './heads.ts'
import { logsOf } from './logs.ts'
import { toHash, toHex, toNumber, toObject } from './parse.ts'
import { receiptsOf } from './receipts.ts'
import type { Rpc, Talk } from './rpc.ts'

export type BlockSourceOptions = HeadsOptions & {
  /** Recomputes a header's hash; undefined for chains whose headers hash in another way. */
  readonly headerHash?: HeaderHash | undefined
}

/** Blocks and logs of a chain by JSON-RPC. */
export function createRpcBlockSource(rpc: Rpc, options: BlockSourceOptions): BlockSource {
  const { headerHash } = options
  const { head, takeNewest, wasBelow } = createHeads(rpc, options)

  function toHeader(value: unknown, what: string): SourceHeader {
    const header = toObject(value, what)
    const hash = toHash(header.hash, `${what}: hash`)
    const recomputed = headerHash?.(header) ?? null
    return {
      number: toNumber(header.number, `${what}: number`),
      hash,
      parentHash: toHash(header.parentHash, `${what}: parentHash`),
      timestamp: toNumber(header.timestamp, `${what}: timestamp`),
      receiptsRoot: toHash(header.receiptsRoot, `${what}: receiptsRoot`),
      logsBloom: toBloom(header.logsBloom, what),
      hashProven: recomputed === null ? null : recomputed === hash,
      ...(typeof header.settledHeight === 'string' && { settlesOlder: true }),
    }
  }

  async function headers(range: BlockRange): Promise<Sourced<SourceHeader[]>> {
    const { from, to } = range
    const told = from === to ? takeNewest(to) : undefined
    const known = told && headerOrUndefined(told.value)
    if (told && known) return { value: [known], provider: told.provider }
    return rpc.call(
      numbersOf(range).map((number) => blockCall(hex(number))),
      (results) => results.map((result, index) => toHeader(result, `block ${from + index}`)),
    )
  }

  /** Undefined for one that is no header: it is asked for again, and held against whoever gives it then. */
  function headerOrUndefined(value: unknown): SourceHeader | undefined {
    try {
      return toHeader(value, 'the newest block')
    } catch (error) {
      if (error instanceof RpcFailure) return undefined
      throw error
    }
  }

  async function onOneBranch(blocks: readonly BlockRef[]): Promise<boolean> {
    const asked = blocks.filter(({ number }) => number >= 0).toSorted((a, b) => b.number - a.number)
    const highest = asked[0]
    if (!highest) return true
    const { value } = await rpc.converse(async ({ ask }) => {
      const answers = await ask(asked.map(({ number }) => blockCall(hex(number))))
      if (answers[0] === null || toRef(answers[0], 'a block').hash !== highest.hash)
        throw new RpcFailure('bad-answer', `it has no block ${highest.number} ${highest.hash}`)
      return asked.every(
        ({ number, hash }, index) => toRef(answers[index], `block ${number}`).hash === hash,
      )
    })
    return value
  }

  return {
    providerCount: rpc.endpointCount,
    chainId: () => rpc.chainId(),
    head,
    onOneBranch,
    headers,
    logs: (range, filter) =>
      rpc.converse(async (node) => {
        // Of blocks that a node does not have yet it says that they have no logs.
        if (wasBelow(node.name, range.to)) await refuseWithout(node, range.to)
        return logsOf(node, range, filter)
      }),
    receipts: (block) => rpc.converse((node) => receiptsOf(node, block)),
    distrust: (provider, reason) => rpc.distrust(provider, reason),
  }
}

async function refuseWithout(node: Talk, number: number): Promise<void> {
  const [block] = await node.ask([blockCall(hex(number))])
  if (block === null) throw new RpcFailure('bad-answer', `it has no block ${number} yet`)
}

const numbersOf = ({ from, to }: BlockRange): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

function toBloom(value: unknown, what: string): Hex {
  const bloom = toHex(value, `${what}: logsBloom`)
  if (bloom.length !== 514)
    throw new RpcFailure('bad-answer', `${what}: logsBloom is not 256 bytes`)
  return bloom
}
