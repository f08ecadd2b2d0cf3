import { hexOf } from '#core/indexing/log-data.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import type { RawBlock } from '#core/indexing/raw/segment.ts'

/** The same log, its data as text. */
export const plainLog = (log: RawLog) => ({ ...log, data: hexOf(log.data) })

export const plainBlocks = (blocks: readonly RawBlock[]) =>
  blocks.map((block) => ({ ...block, logs: block.logs.map(plainLog) }))
