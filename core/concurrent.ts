/** Maps with at most `limit` calls under way; the results keep their order. The first failure fails the whole. */
export async function mapConcurrent<T, R>(
  items: readonly T[],
  limit: number,
  each: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = Array.from({ length: items.length })
  let next = 0
  const lane = async (): Promise<void> => {
    while (next < items.length) {
      const index = next++
      // oxlint-disable-next-line no-await-in-loop -- a lane is sequential by design
      results[index] = await each(items[index] as T)
    }
  }
  await Promise.all(Array.from({ length: Math.min(limit, items.length) }, lane))
  return results
}

/** The same items in runs of `size`; the last may be shorter. */
export const partsOf = <T>(items: readonly T[], size: number): T[][] =>
  Array.from({ length: Math.ceil(items.length / size) }, (_, index) =>
    items.slice(index * size, (index + 1) * size),
  )

/**
 * Waits until all of them have ended, also where some fail, so that nothing goes on behind whoever waits.
 *
 * @throws what the first of them that failed has thrown
 */
export async function allDone(running: readonly Promise<unknown>[]): Promise<void> {
  const outcomes = await Promise.allSettled(running)
  const failed = outcomes.find((outcome) => outcome.status === 'rejected')
  if (failed) throw failed.reason
}
