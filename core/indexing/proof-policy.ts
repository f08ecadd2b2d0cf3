import type { ProofLevel } from '#core/history/proof.ts'
import type { Commitments } from './chain-profiles.ts'
import type { SourceHeader } from './ports.ts'

/**
 * How hard blocks are proven. `auto`: all receipts of every block whose bloom may hold a log that is asked for.
 * `receipts`: of every block. `bloom`, for those who trust their node: below the finalized block `eth_getLogs` is
 * believed where the bloom does not contradict it.
 */
export type ProofMode = 'auto' | 'receipts' | 'bloom'

/**
 * Which blocks have their receipts fetched and their receiptsRoot recomputed. `every-block`; `where-held`: those whose
 * bloom may hold a log that is asked for, since a header's bloom proves of the rest that they have none; `bloomUpTo`:
 * up to this block the answer to `eth_getLogs` is believed as far as the bloom does not contradict it, and above it
 * holds what `where-held` says.
 */
export type ProofPolicy = 'every-block' | 'where-held' | { readonly bloomUpTo: number }

/** How blocks are proven, with all up to `finalized` final. */
export function policyFor(proof: ProofMode, finalized: number): ProofPolicy {
  switch (proof) {
    case 'receipts':
      return 'every-block'
    case 'auto':
      return 'where-held'
    case 'bloom':
      return { bloomUpTo: finalized }
    default:
      return proof satisfies never
  }
}

/** What stands for the logs of a block: receipts, `eth_getLogs` checked by bloom, both, or the nodes' word alone. */
export type Evidence = 'receipts' | 'bloom' | 'both' | 'word'

export function evidenceFor(
  commits: Commitments,
  policy: ProofPolicy,
  { number, settlesOlder }: Pick<SourceHeader, 'number' | 'settlesOlder'>,
): Evidence {
  if (!commits.receiptsRoot || number < commits.since) return 'word'
  if (commits.settledLater && settlesOlder) return 'word'
  if (commits.outsideRoot === 'taken') return 'both'
  const isBloom = typeof policy === 'object' && number <= policy.bloomUpTo && commits.bloom
  if (isBloom) return 'bloom'
  return commits.outsideRoot === 'unknown' ? 'both' : 'receipts'
}

/**
 * The level of a block, from what its logs were held against. A root or a bloom proves no more than the header that
 * has it; and where a block may end with a transaction outside of its root, nothing shows that it does not.
 *
 * @param held `linked` where they were held against nothing
 */
export function levelOf(
  { outsideRoot }: Commitments,
  { hashProven }: Pick<SourceHeader, 'hashProven'>,
  held: 'linked' | 'bloom' | 'receipts',
): ProofLevel {
  if (hashProven !== true) return 'unverified'
  return outsideRoot === 'taken' ? 'linked' : held
}

/** The level that a policy asks for of a block, as far as its chain can give it. */
export function levelAskedFor(
  commits: Commitments,
  policy: ProofPolicy,
  number: number,
): ProofLevel {
  const hashProven = commits.headerHash && number >= commits.since ? true : null
  const evidence = evidenceFor(commits, policy, { number })
  const held = evidence === 'word' ? 'linked' : evidence === 'bloom' ? 'bloom' : 'receipts'
  return levelOf(commits, { hashProven }, held)
}

/** The level that every block of a range is asked to have. */
export type Demand = (number: number) => ProofLevel
