import type { HeadEntry } from '#core/history/head.ts'
import type { Lag } from '#core/history/lag.ts'
import { weakestOf } from '#core/history/proof.ts'
import { block } from './blocks.ts'
import { proofLevel } from './proofs.ts'
import { choice, field, int, maybe, resource, text } from './resource.ts'

/** A chain that is served, and how it is now. */
export type ChainRow = {
  readonly name: string
  readonly id: number
  /** The chain's finalized tag, or how many blocks below the head are final. */
  readonly finality: 'finalized' | number
  readonly state: ChainState
  /** Where its history stands; null where nothing is indexed yet, or it cannot be read. */
  readonly standing: {
    readonly head: Pick<HeadEntry, 'number' | 'hash' | 'timestamp' | 'proof'>
    readonly finalized: number | null
    readonly lag: Lag
  } | null
}

/** How a chain is, for whoever asks for answers about it. */
export type ChainState =
  | 'ready'
  | 'lagging'
  | 'other-chain'
  | 'other-version'
  | 'empty'
  | 'unavailable'

const chainState = choice<ChainState>('ChainState', {
  ready: { description: 'Its answers are as fresh as they are to be.' },
  lagging: { description: 'The newest block indexed is older than answers may be.' },
  'other-chain': { description: 'Its nodes serve another chain of the same id.' },
  'other-version': { description: 'A part of it was indexed by another version of the service.' },
  empty: { description: 'Nothing of it is indexed yet.' },
  unavailable: { description: 'Its store cannot be read now.' },
})

export const chain = resource<ChainRow>('Chain', 'A chain that is served.', {
  name: field(text, ({ name }) => name, 'What `chain` takes; it takes the id too.'),
  id: field(int, ({ id }) => id, 'The chain id of EIP-155.'),
  state: field(chainState, ({ state }) => state),
  finalityBlocks: maybe(
    int,
    ({ finality }) => (finality === 'finalized' ? null : finality),
    'How many blocks below the head are final; null where the chain itself says which are.',
  ),
  block: maybe(
    block,
    ({ standing }) => standing && standing.head,
    'The newest block indexed; null, as what follows, where nothing of the chain can be read.',
  ),
  lag: maybe(
    int,
    ({ standing }) => standing && standing.lag.blocks,
    'Blocks behind the newest of the chain; null also while the chain cannot be asked.',
  ),
  lagSeconds: maybe(
    int,
    ({ standing }) => standing && standing.lag.seconds,
    'Age of the block; 0 while it is the newest of the chain.',
  ),
  finalized: maybe(
    int,
    ({ standing }) => standing && standing.finalized,
    'The newest indexed block that cannot change any more.',
  ),
  proofLevel: maybe(
    proofLevel,
    ({ standing }) => standing && (weakestOf(standing.head.proof) ?? null),
    'The weakest level of any block indexed.',
  ),
})
