import type { ProofPolicy } from './fetch-proven.ts'

/**
 * How hard blocks are proven. `auto`: all receipts of every block whose bloom may hold a log that is asked for.
 * `receipts`: of every block. `bloom`, for those who trust their node: below the finalized block `eth_getLogs` is
 * believed where the bloom does not contradict it.
 */
export type ProofMode = 'auto' | 'receipts' | 'bloom'

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
