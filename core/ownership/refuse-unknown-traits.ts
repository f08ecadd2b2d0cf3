import type { Address } from '#core/chain.ts'
import { invalidField } from '#core/errors.ts'
import type { MetadataTable } from '#core/nft/metadata/ports.ts'
import { TRAIT_TYPES_MAX } from '#core/nft/metadata/stored.ts'
import { leavesOf, type Rule } from './rule.ts'

/** Names of traits that a refusal lists. */
const NAMED_MAX = 20

/**
 * A trait that no token of a collection has names a mistake, as long as nothing of the collection is still to be fetched.
 *
 * @param metadata undefined where it is not kept
 * @throws AppError `invalid`: `not-stored` for any traits where metadata is not kept, `unknown-trait` by its name
 */
export async function refuseUnknownTraits(
  metadata: Pick<MetadataTable, 'traitTypes' | 'states'> | undefined,
  chainId: number,
  rule: Rule,
): Promise<void> {
  const knownOf = new Map<Address, readonly string[] | undefined>()
  for (const leaf of leavesOf(rule)) {
    if (leaf.kind !== 'traits') continue
    if (!metadata)
      throw invalidField(
        'rule.traits',
        'traits are not known here: metadata of tokens is not kept',
        {
          reason: 'not-stored',
        },
      )
    const { collection } = leaf
    if (!knownOf.has(collection))
      // oxlint-disable-next-line no-await-in-loop -- a rule is of few collections
      knownOf.set(collection, await knownTraits(metadata, chainId, collection))
    const known = knownOf.get(collection)
    const unknown = known && leaf.traits.find(({ traitType }) => !known.includes(traitType))
    if (unknown)
      throw invalidField(
        'rule.traits',
        `no token of ${collection} has a trait "${unknown.traitType}"; there are ${known.slice(0, NAMED_MAX).join(', ')}`,
        { reason: 'unknown-trait' },
      )
  }
}

/** Undefined where there are more of them, or more may show. */
async function knownTraits(
  metadata: Pick<MetadataTable, 'traitTypes' | 'states'>,
  chainId: number,
  collection: Address,
): Promise<readonly string[] | undefined> {
  const [known, { wanted, failed }] = await Promise.all([
    metadata.traitTypes(chainId, collection),
    metadata.states(chainId, collection),
  ])
  const isAll = known.length > 0 && known.length < TRAIT_TYPES_MAX && wanted + failed === 0
  return isAll ? known : undefined
}
