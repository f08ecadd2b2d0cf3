import type { MetadataRound } from '#core/nft/metadata/follow-metadata.ts'
import type { MetadataState } from '#core/nft/metadata/metadata.ts'
import type { Metrics } from '#wiring/telemetry.ts'

type OfChain = { readonly chain: string }

/** What fetching the metadata of tokens tells Prometheus. */
export function createMetadataMetrics(metrics: Metrics) {
  const rounds = metrics.counter<OfChain & { readonly outcome: string }>({
    name: 'halyard_metadata_rounds_total',
    help: 'Rounds of fetching metadata, by whether the stores and the nodes could be used.',
    labels: ['chain', 'outcome'],
  })
  const tries = metrics.counter<OfChain & { readonly state: MetadataState }>({
    name: 'halyard_metadata_tries_total',
    help: 'Tokens whose metadata was asked for, by what it came to.',
    labels: ['chain', 'state'],
  })
  const lag = metrics.gauge<OfChain>({
    name: 'halyard_metadata_lag_blocks',
    help: 'Blocks of the history whose tokens were not looked at.',
    labels: ['chain'],
  })
  return {
    contentType: metrics.contentType,
    render: () => metrics.render(),
    /** @param round undefined: nothing could be fetched */
    roundEnded(chain: string, round: MetadataRound | undefined): void {
      rounds({ chain, outcome: round ? 'done' : 'failed' }, 1)
      for (const state of round?.states ?? []) tries({ chain, state }, 1)
    },
    /** @param blocks undefined while it is not known */
    behind: (chain: string, blocks: number | undefined): void => lag({ chain }, blocks),
  }
}
