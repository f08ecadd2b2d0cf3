import type { Hash } from '#core/chain.ts'
import type { Sha256 } from '#core/history/digest.ts'

/**
 * In place of a hash function where a run makes a hundred hashes and nothing depends on what they are: the first text is 1,
 * the next new one 2. No two texts have the same name, and one text has one name.
 */
export function createTextNames(): Sha256 {
  const names = new Map<string, Hash>()
  return (first, more = '') => {
    const text = first + more
    const known = names.get(text)
    if (known) return known
    const name: Hash = `0x${(names.size + 1).toString(16).padStart(64, '0')}`
    names.set(text, name)
    return name
  }
}
