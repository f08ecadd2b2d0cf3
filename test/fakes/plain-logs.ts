import { bytesIn, hexOf, LogBytes, writeBytes } from '#core/indexing/log-data.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import type { RawBlock } from '#core/indexing/raw/segment.ts'

/** The same log, its data as text. */
export const plainLog = (log: RawLog) => ({ ...log, data: hexOf(log.data) })

export const plainBlocks = (blocks: readonly RawBlock[]) =>
  blocks.map((block) => ({ ...block, logs: block.logs.map(plainLog) }))

/** The same logs, their data as bytes that lie in `size` bytes of memory, as those of a large answer do. */
export function inMemoryOf(size: number, logs: readonly RawLog[]): RawLog[] {
  const bytes = new Uint8Array(size)
  let end = size
  return logs.map((log) => {
    end -= bytesIn(log.data)
    writeBytes(log.data, bytes, end)
    return { ...log, data: new LogBytes(new DataView(bytes.buffer), end, bytesIn(log.data)) }
  })
}
