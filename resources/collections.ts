import type { CollectionSummary, HoldingTime } from '#core/nft/collection-summary.ts'
import { tokenStandard } from './holdings.ts'
import { address, bigint, field, int, listOf, maybe, resource, time } from './resource.ts'

const holdingTime = resource<HoldingTime>(
  'HoldingTime',
  'What is held for how long: in whole days, from the entry before up to this one.',
  {
    daysMax: maybe(int, ({ daysMax }) => daysMax, 'Less than so many days; null: any longer.'),
    holdings: field(int, ({ holdings }) => holdings, 'Tokens of accounts.'),
    amount: field(bigint, ({ amount }) => amount, 'Tokens of ERC-721, units of ERC-1155.'),
  },
)

export const collection = resource<CollectionSummary>(
  'Collection',
  'A collection as a whole, counted from all of its transfers. The burn addresses hold nothing.',
  {
    address: field(address, (of) => of.collection),
    standard: field(tokenStandard, ({ standard }) => standard),
    tokenCount: field(int, ({ tokenCount }) => tokenCount, 'Different tokens that are held.'),
    amount: field(bigint, ({ amount }) => amount, 'Tokens of ERC-721, units of ERC-1155.'),
    holderCount: field(int, ({ holderCount }) => holderCount),
    largestAmount: field(
      bigint,
      ({ largestAmount }) => largestAmount,
      'What the account has that has most.',
    ),
    transferCount: field(
      int,
      ({ transferCount }) => transferCount,
      'Moves of tokens from one account to another.',
    ),
    mintCount: field(int, ({ mintCount }) => mintCount, 'Moves that made some.'),
    burnCount: field(int, ({ burnCount }) => burnCount, 'Moves that destroyed some.'),
    firstMoveAt: maybe(time, ({ firstMoveAt }) => firstMoveAt),
    lastMoveAt: maybe(time, ({ lastMoveAt }) => lastMoveAt),
    holdingTimes: field(listOf(holdingTime), ({ holdingTimes }) => holdingTimes),
    medianHeldSeconds: maybe(
      int,
      ({ medianHeldSeconds }) => medianHeldSeconds,
      'For how long the middle one of all holdings is held.',
    ),
  },
)
