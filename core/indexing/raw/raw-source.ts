import { type BlockRange, mergeRanges } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { BlockSource } from '#core/indexing/ports.ts'
import { type RawLayer, readSegment } from './obtain-blocks.ts'
import type { RawBlock, SegmentHead } from './segment.ts'

/**
 * The chain as far as the raw layer has it, for making a history without a node: its newest block is the end of the
 * first blocks that are kept without a gap. What is not kept cannot be asked for.
 *
 * @param from the first block of the history
 * @throws AppError `unavailable` where that block is not kept
 */
export async function createRawSource(
  raw: RawLayer,
  chainId: number,
  from: number,
): Promise<BlockSource> {
  const heads = await raw.store.list(chainId, { from, to: Number.MAX_SAFE_INTEGER })
  const kept = mergeRanges(heads).find((range) => range.from <= from && from <= range.to)
  if (!kept) throw notKept({ from, to: from })
  const { to: top } = kept
  const last = heads.find(({ to }) => to === top) as SegmentHead
  const newest = (await readSegment(raw, chainId, last)).at(-1) as RawBlock
  const { number, hash, timestamp } = newest.header

  return {
    providerCount: 1,
    onlyKept: true,
    chainId: async () => chainId,
    head: async () => ({ latest: { number, hash, timestamp }, finalized: { number, hash } }),
    // All of it was found to be final when it was kept.
    onOneBranch: async () => true,
    async headers(range) {
      const found = new Map<number, RawBlock>()
      for (const head of await raw.store.list(chainId, range))
        for (const block of await readSegment(raw, chainId, head))
          found.set(block.header.number, block)
      const value = []
      for (let at = range.from; at <= range.to; at++) {
        const block = found.get(at)
        if (!block) throw notKept({ from: at, to: range.to })
        value.push({ ...block.header, ...UNKEPT })
      }
      return { value, provider: 'raw' }
    },
    logs: async (range) => {
      throw notKept(range)
    },
    receipts: async ({ number: at }) => {
      throw notKept({ from: at, to: at })
    },
    distrust: () => undefined,
  }
}

/** What of a header is not kept once it has proven its logs. */
const UNKEPT = { receiptsRoot: '0x', logsBloom: '0x', hashProven: null } as const

const notKept = ({ from, to }: BlockRange): AppError =>
  new AppError(
    'unavailable',
    `raw: not all logs of blocks ${from}-${to} that these sources ask for are kept; run \`halyard collect --ranges ` +
      `${from}-${to}\`, or \`halyard backfill\`, which asks the chain for what is missing`,
    { details: { field: 'raw', reason: 'not-kept', from, to } },
  )
