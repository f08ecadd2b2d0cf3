import type { Collection, Filter, OptionalUnlessRequiredId } from 'mongodb'
import { AppError } from '#core/errors.ts'
import { linkStep, type WalletState } from '#core/identity/link.ts'
import type { LinkOutcome } from '#core/identity/ports.ts'
import { isDuplicate } from './errors.ts'

/** What one person has, by its own name: a wallet, a Discord account. */
export type OwnedDocument = WalletState & { readonly _id: string; readonly provenAtMs: number }

/** What several want at once is looked at again by those who came late. */
const LINK_TRIES_MAX = 10

/**
 * Gives a thing to a person, where it is free to be given.
 *
 * @param more what is kept of it beside
 */
export async function linkOwned<D extends OwnedDocument>(
  collection: Collection<D>,
  id: D['_id'],
  step: readonly [person: string | undefined, newPerson: string, nowMs: number],
  more: Omit<D, keyof OwnedDocument>,
): Promise<LinkOutcome> {
  for (let tries = 0; tries < LINK_TRIES_MAX; tries++) {
    const before = (await collection.findOne({ _id: id } as Filter<D>)) ?? undefined
    const { outcome, isChange } = linkStep(before, ...step)
    if (!isChange || outcome.status !== 'linked') return outcome
    const after = { ...more, person: outcome.person, freeAtMs: null, provenAtMs: step[2] }
    if (await change(collection, id, before, after)) return outcome
  }
  throw new AppError('unavailable', 'it is being linked elsewhere; try again', {
    details: { reason: 'busy' },
    audience: 'client',
  })
}

/** Whether it was changed from `before`: nobody else came first. */
async function change<D extends OwnedDocument>(
  collection: Collection<D>,
  id: D['_id'],
  before: Omit<OwnedDocument, '_id'> | undefined,
  after: object,
): Promise<boolean> {
  if (before) {
    const { person, freeAtMs, provenAtMs } = before
    const { matchedCount } = await collection.updateOne(
      { _id: id, person, freeAtMs, provenAtMs } as Filter<D>,
      { $set: after as Partial<D> },
    )
    return matchedCount === 1
  }
  try {
    await collection.insertOne({ _id: id, ...after } as OptionalUnlessRequiredId<D>)
    return true
  } catch (error) {
    if (isDuplicate(error)) return false
    throw error
  }
}
