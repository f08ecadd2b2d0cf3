import { activityOfAccount } from './activity.ts'
import { activityOfPerson } from './person-activity.ts'
import { candlesOfPool } from './candles.ts'
import { chains } from './chains.ts'
import { collectionRead } from './collections.ts'
import { contracts, eventsOfContract } from './contract-events.ts'
import { discordInteractions } from './discord-interactions.ts'
import { discordLink, discordStart, discordUnlink } from './discord-link.ts'
import { graphql } from './graphql.ts'
import { indexPage } from './index-page.ts'
import { live, ready } from './health.ts'
import { holdersOfCollection } from './holders.ts'
import { holdingsOfAccount, holdingsOfCollection } from './holdings.ts'
import { tokenOfCollection } from './metadata.ts'
import { ownershipCheck, ownershipChecks } from './ownership.ts'
import {
  balanceOfPoints,
  grantPoints,
  leadersOfPoints,
  pointsOfPerson,
  reversePoints,
  statementOfPoints,
} from './points.ts'
import { spendOfKey, spendOnChain } from './points-spends.ts'
import { pool, pools, quotablePool } from './pools.ts'
import { positionsOfAccount, positionsOfManager, positionsOfPool } from './positions.ts'
import { quarantine, quarantineCounts } from './quarantine.ts'
import { quotes, simulations } from './quotes.ts'
import { snapshotHolders, snapshotOfCollection } from './snapshots.ts'
import {
  personOwnership,
  personRead,
  sessionEnd,
  sessionRotate,
  signInEnd,
  signInStart,
  walletLink,
  walletUnlink,
} from './sign-in.ts'
import { roleChangesOfPerson, rolesOfPerson } from './roles.ts'
import type { RouteOf } from './route.ts'
import { status } from './status.ts'
import { swapsOfPool } from './swaps.ts'
import {
  balanceAt,
  balanceHistory,
  holdersOfToken,
  tokensOfAccount,
  tokenSummary,
} from './token-balances.ts'
import { swapContracts, tokens } from './tokens.ts'
import { volumesOfPool } from './volumes.ts'
import { webhookAdd, webhookRemove, webhooksOfPerson, webhookTry } from './webhooks.ts'

/** Everything that the API answers; any other path is not there. */
export const routes: readonly RouteOf[] = [
  indexPage,
  live,
  ready,
  graphql,
  pools,
  pool,
  quotablePool,
  swapsOfPool,
  candlesOfPool,
  volumesOfPool,
  positionsOfPool,
  positionsOfAccount,
  positionsOfManager,
  collectionRead,
  holdersOfCollection,
  holdingsOfCollection,
  holdingsOfAccount,
  activityOfAccount,
  contracts,
  eventsOfContract,
  snapshotOfCollection,
  snapshotHolders,
  tokenOfCollection,
  ownershipCheck,
  ownershipChecks,
  signInStart,
  signInEnd,
  sessionRotate,
  sessionEnd,
  personRead,
  personOwnership,
  walletLink,
  walletUnlink,
  discordStart,
  discordLink,
  discordUnlink,
  activityOfPerson,
  rolesOfPerson,
  roleChangesOfPerson,
  webhooksOfPerson,
  webhookAdd,
  webhookRemove,
  webhookTry,
  discordInteractions,
  pointsOfPerson,
  balanceOfPoints,
  statementOfPoints,
  leadersOfPoints,
  grantPoints,
  reversePoints,
  spendOnChain,
  spendOfKey,
  quarantine,
  quarantineCounts,
  quotes,
  simulations,
  tokens,
  tokenSummary,
  holdersOfToken,
  balanceAt,
  balanceHistory,
  tokensOfAccount,
  swapContracts,
  status,
  chains,
]
