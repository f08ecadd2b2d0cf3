import type { BlockRange, BlockRef, Hex } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import {
  BEFORE_GENESIS,
  type BlockSource,
  type ChainHead,
  type HeaderHash,
  type LogFilter,
  type RawLog,
  type Receipt,
  type Sourced,
  type SourceHeader,
} from '#core/indexing/ports.ts'
import { RpcFailure } from './endpoint.ts'
import { toHash, toHex, toList, toLog, toNumber, toObject, toReceipt } from './parse.ts'
import type { Rpc } from './rpc.ts'

/** The newest final block: what the chain's `finalized` tag says, or so many blocks below the head. */
type Finality = 'finalized' | number

export type BlockSourceOptions = {
  readonly finality: Finality
  /** Recomputes a header's hash; undefined for chains whose headers hash in another way. */
  readonly headerHash?: HeaderHash | undefined
}

/** Headers asked for in one batch, until an endpoint says that it is too many. */
const HEADERS_BATCH_START = 100
/** Blocks asked for in one getLogs until an endpoint says that it is too many. */
const LOG_RANGE_START = 10_000

const hex = (number: number): string => `0x${number.toString(16)}`

/** Blocks and logs of a chain by JSON-RPC. */
export function createRpcBlockSource(rpc: Rpc, options: BlockSourceOptions): BlockSource {
  const { finality, headerHash } = options
  /** The widest range that a filter of this shape may ask for; a refused one lowers it for good. */
  const widest = new Map<string, number>()
  let headersBatch = HEADERS_BATCH_START

  function toHeader(value: unknown, what: string): SourceHeader {
    const header = toObject(value, what)
    const hash = toHash(header.hash, `${what}: hash`)
    return {
      number: toNumber(header.number, `${what}: number`),
      hash,
      parentHash: toHash(header.parentHash, `${what}: parentHash`),
      timestamp: toNumber(header.timestamp, `${what}: timestamp`),
      receiptsRoot: toHash(header.receiptsRoot, `${what}: receiptsRoot`),
      logsBloom: toBloom(header.logsBloom, what),
      hashProven: headerHash ? headerHash(header) === hash : null,
    }
  }

  async function headers(range: BlockRange): Promise<Sourced<SourceHeader[]>> {
    const value: SourceHeader[] = []
    let provider = ''
    for (let from = range.from; from <= range.to;) {
      const numbers = numbersOf({ from, to: Math.min(from + headersBatch - 1, range.to) })
      try {
        const answer = await headersOf(numbers)
        value.push(...answer.value)
        provider = answer.provider
        from += numbers.length
      } catch (error) {
        if (!isTooLarge(error) || numbers.length === 1) throw error
        headersBatch = Math.ceil(numbers.length / 2)
      }
    }
    return { value, provider }
  }

  function headersOf(numbers: readonly number[]): Promise<Sourced<SourceHeader[]>> {
    const calls = numbers.map((number) => blockCall(hex(number)))
    return rpc.call(calls, (results) =>
      results.map((result, index) => toHeader(result, `block ${numbers[index]}`)),
    )
  }

  async function logs(range: BlockRange, filter: LogFilter): Promise<Sourced<RawLog[]>> {
    const shape = filter.addresses ? 'addresses' : 'topics'
    const limit = widest.get(shape) ?? LOG_RANGE_START
    const blocks = range.to - range.from + 1
    if (blocks > limit) return inParts(range, limit, filter)
    try {
      return await rpc.call([logsCall(range, filter)], ([result]) =>
        toList(result, 'eth_getLogs').map(toLog),
      )
    } catch (error) {
      if (!isTooLarge(error)) throw error
      if (blocks === 1)
        throw new AppError(
          'unavailable',
          `chain.rpc: the logs of block ${range.from} alone are too many for the endpoint (${error.message}); ` +
            'use one with a higher limit',
          { details: { field: 'chain.rpc', block: range.from }, cause: error },
        )
      // A refusal for the number of blocks holds for every range; one for the number of logs only for this one.
      if (/\bblocks?\b|range/i.test(error.message) && !/result|logs|size/i.test(error.message))
        widest.set(shape, Math.ceil(blocks / 2))
      return inParts(range, Math.ceil(blocks / 2), filter)
    }
  }

  async function inParts(
    range: BlockRange,
    size: number,
    filter: LogFilter,
  ): Promise<Sourced<RawLog[]>> {
    const value: RawLog[] = []
    let provider = ''
    for (let from = range.from; from <= range.to; from += size) {
      const part = await logs({ from, to: Math.min(from + size - 1, range.to) }, filter)
      for (const log of part.value) value.push(log)
      provider = part.provider
    }
    return { value, provider }
  }

  async function receipts(block: BlockRef): Promise<Sourced<Receipt[]>> {
    const call = { method: 'eth_getBlockReceipts', params: [hex(block.number)] }
    return rpc.call([call], ([result]) =>
      toList(result, `the receipts of block ${block.number}`).map(toReceipt),
    )
  }

  /** Both as one node tells them, so that they are of one branch unless it moved between. */
  async function head(): Promise<ChainHead> {
    const { value } = await rpc.converse(async (ask) => {
      if (finality === 'finalized') {
        const [newest, final] = await ask([blockCall('latest'), blockCall('finalized')])
        const latest = toRef(newest, 'the latest block')
        // A chain that has not finalized anything yet has none.
        if (final === null) return { latest, finalized: BEFORE_GENESIS }
        return { latest, finalized: toRef(final, 'the finalized block') }
      }
      const [newest] = await ask([blockCall('latest')])
      const latest = toRef(newest, 'the latest block')
      if (finality === 0) return { latest, finalized: latest }
      const number = latest.number - finality
      if (number < 0) return { latest, finalized: BEFORE_GENESIS }
      const [final] = await ask([blockCall(hex(number))])
      return { latest, finalized: toRef(final, `block ${number}`) }
    })
    return value
  }

  async function onOneBranch(blocks: readonly BlockRef[]): Promise<boolean> {
    const asked = blocks.filter(({ number }) => number >= 0).toSorted((a, b) => b.number - a.number)
    const highest = asked[0]
    if (!highest) return true
    const { value } = await rpc.converse(async (ask) => {
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
    head: () => explained(head),
    onOneBranch: (blocks) => explained(() => onOneBranch(blocks)),
    headers: (range) => explained(() => headers(range)),
    logs: (range, filter) => explained(() => logs(range, filter)),
    receipts: (block) => explained(() => receipts(block)),
    distrust: (provider, reason) => rpc.distrust(provider, reason),
  }
}

const isTooLarge = (error: unknown): error is RpcFailure =>
  error instanceof RpcFailure && error.kind === 'too-large'

const numbersOf = ({ from, to }: BlockRange): number[] =>
  Array.from({ length: to - from + 1 }, (_, index) => from + index)

/** A header: the block without its transactions. */
const blockCall = (tag: string) => ({ method: 'eth_getBlockByNumber', params: [tag, false] })

function toRef(value: unknown, what: string): BlockRef {
  const { number, hash } = toObject(value, what)
  return { number: toNumber(number, `${what}: number`), hash: toHash(hash, `${what}: hash`) }
}

const logsCall = (range: BlockRange, filter: LogFilter) => ({
  method: 'eth_getLogs',
  params: [
    {
      fromBlock: hex(range.from),
      toBlock: hex(range.to),
      topics: [filter.topics],
      ...(filter.addresses && { address: filter.addresses }),
    },
  ],
})

function toBloom(value: unknown, what: string): Hex {
  const bloom = toHex(value, `${what}: logsBloom`)
  if (bloom.length !== 514)
    throw new RpcFailure('bad-answer', `${what}: logsBloom is not 256 bytes`)
  return bloom
}

/** An endpoint's own refusal that no other endpoint could help with. */
async function explained<T>(question: () => Promise<T>): Promise<T> {
  try {
    return await question()
  } catch (error) {
    if (!(error instanceof RpcFailure)) throw error
    throw new AppError('unavailable', `chain.rpc: ${error.message}`, {
      details: { field: 'chain.rpc' },
      cause: error,
    })
  }
}
