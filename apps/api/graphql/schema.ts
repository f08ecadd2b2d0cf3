import { addActivity } from './activity.ts'
import { builder } from './builder.ts'
import { addChainArgument } from './chain-argument.ts'
import { addCandles } from './candles.ts'
import { addChains } from './chains.ts'
import { addCollections } from './collections.ts'
import { addContractEvents } from './contract-events.ts'
import { addHoldings } from './holdings.ts'
import { addMeta } from './meta.ts'
import { addOwnership } from './ownership.ts'
import { addPersons } from './persons.ts'
import { addPoints, addPointsMutations } from './points.ts'
import { addPointsSpends } from './points-spends.ts'
import { addPools } from './pools.ts'
import { addPositions } from './positions.ts'
import { addQuotes } from './quotes.ts'
import { addScalars } from './scalars.ts'
import { addSnapshots } from './snapshots.ts'
import { addSwaps } from './swaps.ts'
import { addTokenBalances } from './token-balances.ts'
import { addTokens } from './tokens.ts'
import { addVolumes } from './volumes.ts'
import { addWebhooks } from './webhooks.ts'

for (const add of [
  addScalars,
  addMeta,
  addChains,
  addPools,
  addSwaps,
  addCandles,
  addVolumes,
  addPositions,
  addHoldings,
  addCollections,
  addActivity,
  addContractEvents,
  addSnapshots,
  addOwnership,
  addQuotes,
  addTokens,
  addTokenBalances,
  addPoints,
  addPointsMutations,
  addPersons,
  addWebhooks,
  addPointsSpends,
])
  add()

/** What comes of it is in `schema.graphql`. */
export const schema = addChainArgument(builder.toSchema())
