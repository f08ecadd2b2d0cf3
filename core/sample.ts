/** Takes some of many things that come by one after the other. */
export type Sampler<T> = { add(item: T): void; readonly items: readonly T[] }

/**
 * Each thing has the same chance to be among those taken, however many come (Vitter 1985, algorithm R).
 *
 * @param count how many are taken; undefined: all
 * @param random from 0 up to 1, which is left out
 */
export function createSampler<T>(count: number | undefined, random: () => number): Sampler<T> {
  const items: T[] = []
  let seen = 0
  return {
    items,
    add(item) {
      seen++
      if (count === undefined || items.length < count) {
        items.push(item)
        return
      }
      const place = Math.floor(random() * seen)
      if (place < count) items[place] = item
    },
  }
}
