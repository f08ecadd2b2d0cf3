import type { BlockRef } from '#core/chain.ts'
import { type AppError, invalidField } from '#core/errors.ts'
import type { View } from './head.ts'
import type { HeadLog } from './ports.ts'

/**
 * The canonical block of a height that is indexed.
 *
 * @throws AppError `invalid` naming `field` for one that is not
 */
export async function blockAt(
  heads: Pick<HeadLog, 'canonicalHashes'>,
  view: View,
  number: number,
  field: string,
): Promise<BlockRef> {
  const { head, chainId } = view
  const refuse = (why: string): AppError => invalidField(field, why, { block: number })
  if (!Number.isSafeInteger(number) || number < 0) throw refuse('not a block number')
  if (number > head.number)
    throw refuse(`block ${number} is above the newest that is indexed, ${head.number}`)
  if (!head.coverage.some(({ from, to }) => from <= number && number <= to)) {
    const ranges = head.coverage.map(({ from, to }) => `${from}-${to}`).join(', ')
    throw refuse(`block ${number} is not indexed; these are: ${ranges}`)
  }
  if (number === head.number) return { number, hash: head.hash }
  const hash =
    view.hashes.get(number) ?? (await heads.canonicalHashes(chainId, [number])).get(number)
  if (!hash) throw refuse(`block ${number} is not settled yet; ask again`)
  return { number, hash }
}
