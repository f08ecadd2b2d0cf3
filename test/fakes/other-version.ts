import type { HeadEntry } from '#core/history/head.ts'
import type { HeadLog } from '#core/history/ports.ts'

/** A head log as if another version had made what the head names so. */
export function headsOfOtherVersion(heads: HeadLog, name: string, version: number): HeadLog {
  const entryOf = (entry: HeadEntry): HeadEntry => ({
    ...entry,
    projections: { ...entry.projections, [name]: `${entry.chainId}-${version}-0123456789ab` },
  })
  return {
    ...heads,
    async latest(chainId) {
      const entry = await heads.latest(chainId)
      return entry && entryOf(entry)
    },
    since: async (chainId, move) => (await heads.since(chainId, move)).map(entryOf),
  }
}
