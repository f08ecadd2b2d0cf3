import { type BlockRef, rangeWith } from '#core/chain.ts'
import { type AppError, invalidField } from '#core/errors.ts'
import { hashAt, type View } from './head.ts'
import type { HeadLog } from './ports.ts'
import { rewriteAt } from './rebuilds.ts'
import { atOrAbove } from './window.ts'

/**
 * The canonical block of a height that is indexed.
 *
 * @throws AppError `invalid` naming `field` for one that is not
 */
export async function blockAt(
  heads: Pick<HeadLog, 'block' | 'settledBlock'>,
  view: View,
  number: number,
  field: string,
): Promise<BlockRef> {
  const { head } = view
  const refuse = (why: string): AppError => invalidField(field, why, { block: number })
  if (!Number.isSafeInteger(number) || number < 0) throw refuse('not a block number')
  if (number > head.number)
    throw refuse(`block ${number} is above the newest that is indexed, ${head.number}`)
  if (!rangeWith(head.coverage, number)) {
    const ranges = head.coverage.map(({ from, to }) => `${from}-${to}`).join(', ')
    throw refuse(`block ${number} is not indexed; these are: ${ranges}`)
  }
  const block = await storedBlockAt(heads, view, number)
  if (!block) throw refuse(`block ${number} is not settled yet; ask again`)
  return block
}

/** The canonical block of a height; undefined where there is none, or it is not settled yet. */
export async function storedBlockAt(
  heads: Pick<HeadLog, 'block' | 'settledBlock'>,
  view: View,
  number: number,
): Promise<BlockRef | undefined> {
  const known = hashAt(view, number)
  if (known) return { number, hash: known }
  const rewrite = rewriteAt(view.head.rewrites, number)
  if (rewrite) return heads.block(view.chainId, { number, commit: rewrite.commit })
  const commit = atOrAbove(view.window, number)?.commit
  return number > view.floor.number && commit
    ? heads.block(view.chainId, { number, commit })
    : heads.settledBlock(view.chainId, number)
}
