import type { Sha256 } from '#core/history/digest.ts'
import type { CollectSetting } from '#core/indexing/collect.ts'

/** Hexadecimal digits of a plan's name. */
const DIGITS = 16

/**
 * Names what is collected: processes work together that have the same chain, sources, proof and size of ranges.
 *
 * @returns `CHAIN-HASH`
 */
export function planOf(
  sha256: Sha256,
  { chainId, sources, proof, rangeBlocks }: CollectSetting & { readonly rangeBlocks: number },
): string {
  const named = sources.map((source) => {
    // A start is a hint for planning.
    const entries = Object.entries(source).filter(([name]) => name !== 'startBlock')
    return JSON.stringify(entries.toSorted(([a], [b]) => (a < b ? -1 : 1)))
  })
  const text = [proof, rangeBlocks, ...named.toSorted()].join('\n')
  return `${chainId}-${sha256(text).slice(2, 2 + DIGITS)}`
}
