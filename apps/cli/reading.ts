import type { BlockSource } from '#core/indexing/ports.ts'

/** What has been read of a chain since a run began. */
export type Reading = { headers: number; logs: number; receipts: number }

/** Counts what a source answers, so that a run shows life before its first commit. */
export function countReading(source: BlockSource): { source: BlockSource; reading: Reading } {
  const reading: Reading = { headers: 0, logs: 0, receipts: 0 }
  const count =
    <A extends unknown[], T extends readonly unknown[]>(
      what: keyof Reading,
      ask: (...args: A) => Promise<{ value: T; provider: string }>,
    ) =>
    async (...args: A) => {
      const answer = await ask(...args)
      reading[what] += answer.value.length
      return answer
    }
  return {
    reading,
    source: {
      ...source,
      headers: count('headers', source.headers),
      logs: count('logs', source.logs),
      receipts: count('receipts', source.receipts),
    },
  }
}
