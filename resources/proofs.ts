import type { ProofLevel, ProvenRange } from '#core/history/proof.ts'
import { choice, field, int, resource } from './resource.ts'

export const proofLevel = choice<ProofLevel>(
  'ProofLevel',
  {
    unverified: {
      description:
        'The nodes’ word for the headers too, since they cannot be hashed here; or it was not recorded how.',
    },
    linked: {
      description:
        'Headers hash to their names and link; the logs, or a part of the block outside of its root, are on the nodes’ word.',
    },
    bloom: { description: 'The answer of a node, which the bloom of such a header bears out.' },
    receipts: {
      description:
        'Complete and unaltered: from receipts that hash to the root of such a header, or ruled out by its bloom.',
    },
  },
  'What stands for the logs of blocks, weakest first.',
)

export const provenRange = resource<ProvenRange>(
  'ProvenRange',
  'Block numbers, both included, each of which is proven at least so.',
  {
    level: field(proofLevel, ({ level }) => level),
    from: field(int, ({ from }) => from),
    to: field(int, ({ to }) => to),
  },
)
