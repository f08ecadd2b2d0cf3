import { activityProjection } from '#core/activity/project-activity.ts'
import { contractEventFamily } from '#core/events/contract-event.ts'
import { contractEvents, type ContractEventSource } from '#core/events/contract-sources.ts'
import { feeFamily, liquidityFamily, poolFamily, swapFamily } from '#core/dex/events.ts'
import { positionFamily } from '#core/dex/positions/position-events.ts'
import { positionsProjection } from '#core/dex/positions/project-positions.ts'
import { poolsProjection } from '#core/dex/project-pools.ts'
import { tickPagesProjection } from '#core/dex/project-tick-pages.ts'
import { ticksProjection } from '#core/dex/project-ticks.ts'
import type { FactorySource, PoolSource, SolidlySource } from '#core/dex/sources/dex-source.ts'
import { type PositionManagerSource, positionManagers } from '#core/dex/sources/position-manager.ts'
import {
  algebraIntegralFactories,
  algebraV1Factories,
  singlePools,
  solidlyFactories,
  uniswapV2Factories,
  uniswapV3Factories,
  uniswapV4Managers,
  velodromeV2Factories,
} from '#core/dex/sources/sources.ts'
import type { PoolManagerSource } from '#core/dex/sources/uniswap-v4.ts'
import { tradesProjection } from '#core/dex/trading/project-trades.ts'
import type { EventFamily } from '#core/history/event.ts'
import type { Projection } from '#core/history/projection.ts'
import { type Catalogue, type CatalogueValues, createCatalogue } from '#core/indexing/catalogue.ts'
import type { SourceSpec } from '#core/indexing/source.ts'
import { metadataFamily } from '#core/nft/metadata/update.ts'
import { holdingsProjection } from '#core/nft/project-holdings.ts'
import { type CollectionSource, erc1155Collections, erc721Collections } from '#core/nft/sources.ts'
import { transferFamily } from '#core/nft/transfer.ts'
import { type Erc20Source, erc20Tokens } from '#core/tokens/erc20-sources.ts'
import { balancesProjection } from '#core/tokens/project-balances.ts'
import { tokenFamily } from '#core/tokens/token-transfer.ts'

/** An entry of what a deployment indexes. */
export type Source =
  | FactorySource
  | SolidlySource
  | PoolSource
  | PoolManagerSource
  | PositionManagerSource
  | CollectionSource
  | Erc20Source
  | ContractEventSource

/** The kinds of sources. */
const sources: readonly SourceSpec[] = [
  uniswapV2Factories,
  uniswapV3Factories,
  solidlyFactories,
  velodromeV2Factories,
  algebraV1Factories,
  algebraIntegralFactories,
  singlePools,
  uniswapV4Managers,
  positionManagers,
  erc721Collections,
  erc1155Collections,
  erc20Tokens,
  contractEvents,
]

/** The families of events. */
const families: readonly EventFamily[] = [
  swapFamily,
  liquidityFamily,
  poolFamily,
  feeFamily,
  positionFamily,
  transferFamily,
  tokenFamily,
  metadataFamily,
  contractEventFamily,
]

/** The projections, which name the documents. One that reads another stands in front of it. */
const projections: readonly Projection[] = [
  tradesProjection,
  ticksProjection,
  tickPagesProjection,
  balancesProjection,
  activityProjection,
  poolsProjection,
  positionsProjection,
  holdingsProjection,
]

/** What Halyard's catalogue is made of. */
export const halyardValues: CatalogueValues = { sources, families, projections }

/** All that Halyard indexes: a new kind of value is a file of its own and a line here. */
export const catalogue = createCatalogue(halyardValues)

const catalogueWithoutActivity = createCatalogue({
  ...halyardValues,
  projections: projections.filter((each) => each !== activityProjection),
})

/**
 * What a deployment makes of a chain. A store is opened with the whole catalogue all the same, so that its tables do not
 * depend on what is left out.
 */
export const catalogueOf = ({ keepsActivity }: { readonly keepsActivity: boolean }): Catalogue =>
  keepsActivity ? catalogue : catalogueWithoutActivity
