import type { Address } from '#core/chain.ts'
import { invalidField } from '#core/errors.ts'
import type { MetadataTable } from '#core/nft/metadata/ports.ts'
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
    // oxlint-disable-next-line no-await-in-loop -- a rule has few
    const known = await knownTraits(metadata, chainId, leaf.collection)
    const unknown = known && leaf.traits.find(({ traitType }) => !known.includes(traitType))
    if (unknown)
      throw invalidField(
        'rule.traits',
        `no token of ${leaf.collection} has a trait "${unknown.traitType}"; there are ${known.slice(0, NAMED_MAX).join(', ')}`,
        { reason: 'unknown-trait' },
      )
  }
}

/** Undefined where more of them may show. */
async function knownTraits(
  metadata: Pick<MetadataTable, 'traitTypes' | 'states'>,
  chainId: number,
  collection: Address,
): Promise<readonly string[] | undefined> {
  const [known, { wanted, failed }] = await Promise.all([
    metadata.traitTypes(chainId, collection),
    metadata.states(chainId, collection),
  ])
  return known.length > 0 && wanted + failed === 0 ? known : undefined
}
