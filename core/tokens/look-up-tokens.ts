import type { Address } from '#core/chain.ts'
import type { Clock } from '#core/clock.ts'
import type { Views } from '#core/history/view.ts'
import type { StoredToken, TokenSource } from './ports.ts'
import { isComplete } from './token-words.ts'

export type LookUpPorts = {
  readonly source: TokenSource
  readonly views: Pick<Views, 'current'>
  readonly clock: Pick<Clock, 'nowMs'>
}

/** A token as it may be stored, and whether it may: what a failing node leaves out is to be asked for again. */
export type LookedUp = { readonly token: StoredToken; readonly isKnown: boolean }

/**
 * Asks tokens' contracts, one answer for each address, in their order.
 *
 * A contract that does not tell something is believed only as of a block that the history has reached: a node that is
 * behind may not have the contract yet.
 *
 * @throws AppError `unavailable` where no node answers at all, or the store cannot be read
 */
export async function lookUpTokens(
  { source, views, clock }: LookUpPorts,
  addresses: readonly Address[],
): Promise<LookedUp[]> {
  const view = await views.current()
  const { number, looks } = await source.read(addresses)
  const isBehind = view !== undefined && number < view.head.number
  const readAtMs = clock.nowMs()
  return looks.map(({ symbol, name, decimals, isProven }, index) => {
    const token = { address: addresses[index] as Address, symbol, name, decimals, number, readAtMs }
    return { token, isKnown: isProven && (isComplete(token) || !isBehind) }
  })
}
