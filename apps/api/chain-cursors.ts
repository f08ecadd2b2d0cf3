import type { ChainName } from '#core/chain-choice.ts'
import { invalidField } from '#core/errors.ts'

/*
 * A cursor names a place in a list of one chain, and the same place may well be in the list of another. So clients get
 * it with the id of its chain in front. Lists themselves know nothing of that: it is put there and taken off where
 * answers go out and requests come in.
 */

const MARKED = /^(\d{1,16})\.([\w-]*)$/

/** A cursor as clients get it. */
export const markCursor = ({ id }: ChainName, cursor: string): string => `${id}.${cursor}`

/**
 * The cursor as its list has it; where it is marked with no chain, one that every list refuses in its own words.
 *
 * @param argument that it was given for
 * @throws AppError `invalid` for one of another chain
 */
export function ownCursor(chain: ChainName, text: string, argument: string): string {
  const [, id, cursor] = MARKED.exec(text) ?? []
  if (id === undefined || cursor === undefined) return UNMARKED
  if (id === String(chain.id)) return cursor
  throw invalidField(
    argument,
    `a cursor of chain ${id}, and this list is of chain ${chain.id}; name that chain, or leave the cursor out`,
  )
}

/** No list gives such a cursor. */
const UNMARKED = '.'
