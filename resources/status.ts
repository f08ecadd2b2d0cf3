import type { Hash } from '#core/chain.ts'
import type { HeadEntry } from '#core/history/head.ts'
import type { Lag } from '#core/history/lag.ts'
import { weakestOf } from '#core/history/proof.ts'
import { block, blockRange } from './blocks.ts'
import { proofLevel, provenRange } from './proofs.ts'
import { field, hash, int, listOf, maybe, only, resource } from './resource.ts'

/** Where the history stands, and where its chain does; the chain is asked only for what is written of it. */
export type StatusRow = {
  readonly chainId: number
  readonly head: Pick<HeadEntry, 'number' | 'hash' | 'timestamp' | 'coverage' | 'proof'>
  readonly finalized: number | null
  readonly digest: () => Hash
  readonly live: () => Live | Promise<Live>
}

type Live = { readonly lag: Lag; readonly chainAgeSeconds: number | null }

const liveOf =
  <V>(value: (live: Live) => V) =>
  ({ live }: StatusRow): V | Promise<V> => {
    const known = live()
    return known instanceof Promise ? known.then(value) : value(known)
  }

export const status = resource<StatusRow>(
  'Meta',
  'Where the history stands, and how far it is behind its chain.',
  {
    chainId: only(
      ['json'],
      field(int, ({ chainId }) => chainId),
    ),
    block: only(
      ['graphql'],
      field(
        block,
        ({ head }) => head,
        'Everything in the answer that is stored is as of this block.',
      ),
    ),
    lag: maybe(
      int,
      liveOf(({ lag }) => lag.blocks),
      'Blocks behind the newest of the chain; null while the chain cannot be asked, or is another one.',
    ),
    lagSeconds: field(
      int,
      liveOf(({ lag }) => lag.seconds),
      'Age of the block; 0 while it is the newest of the chain.',
    ),
    chainAgeSeconds: maybe(
      int,
      liveOf(({ chainAgeSeconds }) => chainAgeSeconds),
      'Age of the newest block of the chain, which grows where its nodes stand still; null while the chain cannot be asked.',
    ),
    finalized: maybe(
      int,
      ({ finalized }) => finalized,
      'The newest indexed block that cannot change any more.',
    ),
    digest: field(
      hash,
      ({ digest }) => digest(),
      'A hash over the whole history: two histories of the same blocks and sources have the same one.',
    ),
    coverage: field(
      listOf(blockRange),
      ({ head }) => head.coverage,
      'The blocks that are indexed, as ranges.',
    ),
    proofLevel: maybe(
      proofLevel,
      ({ head }) => weakestOf(head.proof) ?? null,
      'The weakest level of any block of the coverage; null while it is empty.',
    ),
    proof: field(
      listOf(provenRange),
      ({ head }) => head.proof,
      'How the blocks of the coverage are proven, as some dozens of ranges at most unless the coverage has more: short ' +
        'ones are told at the level of a weaker neighbour.',
    ),
  },
)
