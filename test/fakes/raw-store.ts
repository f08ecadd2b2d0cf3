import { AppError } from '#core/errors.ts'
import type { RawStore } from '#core/indexing/raw/ports.ts'
import type { SegmentHead } from '#core/indexing/raw/segment.ts'

/** Segments in memory, for tests and for what is not kept. */
export function createMemoryRawStore(): RawStore {
  const segments = new Map<string, { readonly head: SegmentHead; readonly body: Uint8Array }>()
  const idOf = (chainId: number, { from, to, lastHash, scope, levelAsked }: SegmentHead): string =>
    JSON.stringify([chainId, from, to, lastHash, scope, levelAsked])
  return {
    async put(chainId, head, body) {
      const id = idOf(chainId, head)
      if (!segments.has(id)) segments.set(id, { head, body: Uint8Array.from(body) })
    },
    async list(chainId, range) {
      return [...segments]
        .filter(([id]) => id.startsWith(`[${chainId},`))
        .map(([, { head }]) => head)
        .filter(({ from, to }) => from <= range.to && range.from <= to)
        .toSorted((a, b) => a.from - b.from || a.to - b.to)
    },
    async body(chainId, head) {
      const segment = segments.get(idOf(chainId, head))
      if (!segment) throw missing(head)
      return segment.body
    },
    async remove(chainId, head) {
      segments.delete(idOf(chainId, head))
    },
  }
}

const missing = ({ from, to }: SegmentHead): AppError =>
  new AppError(
    'unavailable',
    `raw: the segment of blocks ${from}-${to} was removed meanwhile; try again`,
    {
      details: { field: 'raw', from, to },
    },
  )
