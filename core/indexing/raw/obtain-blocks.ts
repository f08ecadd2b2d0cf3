import type { BlockRange, BlockRef, Hash } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import { isInScope, type LogScope, missingIn, parseScope, scopeText } from './log-scope.ts'
import type { RawStore, TextPacking } from './ports.ts'
import { decodeSegment, encodeSegment, type RawBlock, type SegmentHead } from './segment.ts'

/** The raw layer: where segments are, and how their text is made small. */
export type RawLayer = { readonly store: RawStore; readonly packing: TextPacking }

/** Proven blocks of a range with the logs that a scope asks for; others may be among them. */
type FetchBlocks = (range: BlockRange, scope: LogScope) => Promise<readonly RawBlock[]>

export type ObtainPorts = {
  readonly raw: RawLayer | undefined
  /** Blocks as the chain's nodes give them. */
  readonly fetch: FetchBlocks
  /** @throws AppError `unavailable` where the block is not below the one that is final */
  readonly confirmFinal: (last: BlockRef) => Promise<void>
}

/** Gives all blocks of a range, with all their logs of a scope. */
export type ObtainBlocks = (range: BlockRange, scope: LogScope) => Promise<readonly RawBlock[]>

/**
 * Blocks from the raw layer where they are kept, and from the chain's nodes where they are not. Of what nodes give,
 * final blocks are kept: another run, another process or another projection need not ask for them again.
 *
 * @param finalized blocks above it are neither looked for nor kept, since a reorganisation may take them back
 */
export function createObtainBlocks(
  { raw, fetch, confirmFinal }: ObtainPorts,
  chainId: number,
  finalized: number,
): ObtainBlocks {
  const fetched = async (range: BlockRange, scope: LogScope): Promise<readonly RawBlock[]> =>
    (await fetch(range, scope)).map(({ header, logs }) => ({
      header,
      logs: logs.filter((log) => isInScope(scope, log)),
    }))

  async function final(layer: RawLayer, range: BlockRange, scope: LogScope) {
    const heads = await layer.store.list(chainId, range)
    const gaps = gapsOf(range, scope, heads)
    const [kept, added] = await Promise.all([
      Promise.all(heads.map((head) => readSegment(layer, chainId, head))),
      Promise.all(
        gaps.map(async (gap) => {
          const blocks = await fetched(gap.range, gap.scope)
          await confirmFinal((blocks.at(-1) as RawBlock).header)
          await keepSegment(layer, chainId, gap.scope, blocks)
          return blocks
        }),
      ),
    ])
    return mergeBlocks(range, [...kept, ...added])
  }

  return async (range, scope) => {
    if (!raw || range.from > finalized) return fetched(range, scope)
    if (range.to <= finalized) return final(raw, range, scope)
    const parts = await Promise.all([
      final(raw, { from: range.from, to: finalized }, scope),
      fetched({ from: finalized + 1, to: range.to }, scope),
    ])
    return parts.flat()
  }
}

/** @param blocks consecutive and final, with all their logs of the scope */
export async function keepSegment(
  { store, packing }: RawLayer,
  chainId: number,
  scope: LogScope,
  blocks: readonly RawBlock[],
): Promise<void> {
  const first = (blocks[0] as RawBlock).header
  const last = (blocks.at(-1) as RawBlock).header
  const head: SegmentHead = {
    from: first.number,
    to: last.number,
    lastHash: last.hash,
    scope: scopeText(scope),
    logs: blocks.reduce((sum, { logs }) => sum + logs.length, 0),
  }
  await store.put(chainId, head, await packing.pack(encodeSegment(blocks)))
}

export const readSegment = async (
  { store, packing }: RawLayer,
  chainId: number,
  head: SegmentHead,
): Promise<RawBlock[]> => decodeSegment(await packing.unpack(await store.body(chainId, head)))

type Gap = { readonly range: BlockRange; readonly scope: LogScope }

/** What of a range no segment has, cut where segments begin and end. */
export function gapsOf(
  range: BlockRange,
  scope: LogScope,
  heads: readonly Pick<SegmentHead, 'from' | 'to' | 'scope'>[],
): Gap[] {
  const held = heads.map((head) => ({ ...head, scope: parseScope(head.scope) }))
  const cuts = new Set([range.from])
  for (const { from, to } of held) {
    if (from > range.from) cuts.add(from)
    if (to < range.to) cuts.add(to + 1)
  }
  const starts = [...cuts].toSorted((a, b) => a - b)
  const gaps: (Gap & { readonly text: string })[] = []
  for (const [index, from] of starts.entries()) {
    const to = (starts[index + 1] ?? range.to + 1) - 1
    const here = held.filter((head) => head.from <= from && to <= head.to)
    const missing =
      here.length > 0
        ? missingIn(
            scope,
            here.map((head) => head.scope),
          )
        : scope
    if (here.length > 0 && missing.size === 0) continue
    const text = scopeText(missing)
    const before = gaps.at(-1)
    if (before && before.range.to === from - 1 && before.text === text)
      gaps[gaps.length - 1] = { ...before, range: { from: before.range.from, to } }
    else gaps.push({ range: { from, to }, scope: missing, text })
  }
  return gaps
}

/**
 * The blocks of a range, with the logs that any of these lists has.
 *
 * @throws AppError `unavailable` where two of them have different blocks of one number
 */
export function mergeBlocks(
  range: BlockRange,
  lists: readonly (readonly RawBlock[])[],
): readonly RawBlock[] {
  const [only] = lists
  const count = range.to - range.from + 1
  if (only && lists.length === 1 && only.length === count) return only
  const blocks: (RawBlock | undefined)[] = Array.from({ length: count })
  for (const list of lists)
    for (const block of list) {
      const place = block.header.number - range.from
      if (place < 0 || place >= count) continue
      const other = blocks[place]
      if (other && other.header.hash !== block.header.hash) throw differ(block, other.header.hash)
      blocks[place] = other
        ? { header: other.header, logs: mergeLogs(other.logs, block.logs) }
        : block
    }
  return blocks as RawBlock[]
}

function mergeLogs(some: readonly RawLog[], more: readonly RawLog[]): readonly RawLog[] {
  if (more.length === 0) return some
  if (some.length === 0) return more
  const byIndex = new Map([...some, ...more].map((log) => [log.logIndex, log]))
  return [...byIndex.values()].toSorted((a, b) => a.logIndex - b.logIndex)
}

const differ = ({ header }: RawBlock, other: Hash): AppError =>
  new AppError(
    'unavailable',
    `raw: block ${header.number} is kept as ${header.hash} and as ${other}, though both were called final: the ` +
      'endpoints of chain.rpc were of several branches; remove the raw segments of that block and run it again',
    { details: { field: 'raw', reason: 'other-branch', block: header.number } },
  )
