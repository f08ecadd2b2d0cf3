import type { Hash } from '#core/chain.ts'
import type { BlockSource } from '#core/indexing/ports.ts'

/** An answer is held up for this long at most. */
const WAIT_MS_MAX = 200
/** Heads move on: what was asked for before is of no use. */
const KEPT_MAX = 64

type Asked = { readonly hash: Promise<Hash | undefined>; readonly at: number }

/**
 * The hash of the chain's block of a height, asked for at most once in `ttlMs`.
 *
 * @returns a function that gives undefined where the chain does not tell, or not at once. It never throws.
 */
export function createHashAt(
  source: Pick<BlockSource, 'headers'>,
  ttlMs: number,
): (number: number) => Promise<Hash | undefined> {
  const asked = new Map<number, Asked>()

  async function ask(number: number): Promise<Hash | undefined> {
    try {
      return (await source.headers({ from: number, to: number })).value[0]?.hash
    } catch {
      // Whatever the reason: the chain does not tell.
      return undefined
    }
  }

  return async (number) => {
    const known = asked.get(number)
    const now = performance.now()
    const isFresh = known !== undefined && now - known.at < ttlMs
    const hash = isFresh ? known.hash : ask(number)
    if (!isFresh) {
      asked.delete(number)
      asked.set(number, { hash, at: now })
      const [oldest] = asked.keys()
      if (asked.size > KEPT_MAX && oldest !== undefined) asked.delete(oldest)
    }
    let timer: ReturnType<typeof setTimeout> | undefined
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(resolve, WAIT_MS_MAX, undefined)
    })
    const answer = await Promise.race([hash, late])
    clearTimeout(timer)
    return answer
  }
}
