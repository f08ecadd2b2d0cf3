import type { PlacedActivity, PointsActivity } from '#core/activity/list-activity.ts'
import type { ChainActivity } from '#core/activity/list-chain-activity.ts'
import { netAmounts } from '#core/dex/events.ts'
import type { PositionEvent } from '#core/dex/positions/position-events.ts'
import type { ChainEvent } from '#core/history/event.ts'
import { tokensOf, type Transfer, type TransferredToken } from '#core/nft/transfer.ts'
import type { Address } from '#core/chain.ts'
import { block } from './blocks.ts'
import { tokenStandard } from './holdings.ts'
import { liquidityChange } from './liquidity-changes.ts'
import { pointsMovement } from './points.ts'
import { pool } from './pools.ts'
import {
  address,
  bigint,
  choice,
  field,
  hash,
  int,
  linkTo,
  listOf,
  maybe,
  resource,
  text,
  time,
  valuesOf,
} from './resource.ts'
import { roleChange } from './roles.ts'
import { swap } from './swaps.ts'

/** ERC-2309 announces any number of tokens at once. */
const TOKENS_MAX = 100

const movedToken = resource<TransferredToken>('MovedToken', 'A token of a transfer.', {
  tokenId: field(bigint, ({ tokenId }) => tokenId),
  amount: field(bigint, ({ amount }) => amount),
})

const nftActivity = resource<ChainEvent<Transfer>>(
  'NftActivity',
  'Tokens of a collection that moved from one account to another. The zero address: they were made, or burnt.',
  {
    standard: field(tokenStandard, ({ body }) => body.protocol),
    collection: field(address, (event) => event.address),
    from: field(address, ({ body }) => body.from),
    to: field(address, ({ body }) => body.to),
    operator: maybe(address, ({ body }) => body.operator),
    tokens: field(
      listOf(movedToken),
      ({ body }) => tokensOf(body).slice(0, TOKENS_MAX),
      `The first ${TOKENS_MAX}.`,
    ),
    tokenCount: field(int, ({ body }) => body.tokenIds.length, 'How many there are in all.'),
  },
)

type PositionActivity = { readonly event: ChainEvent<PositionEvent>; readonly pool: Address | null }

const positionChange = choice<PositionEvent['type']>('PositionChangeType', {
  increasePosition: { description: 'Liquidity was added, and paid for.' },
  decreasePosition: { description: 'Liquidity was taken out; its tokens wait to be collected.' },
  collectPosition: { description: 'Freed tokens and fees were paid out.' },
  transferPosition: {
    description: 'The NFT of the position moved: it was made, handed on or burnt.',
  },
})

const positionActivity = resource<PositionActivity>(
  'PositionActivity',
  'What was done with a position of Uniswap V3 that is an NFT. Raw units.',
  {
    manager: field(address, ({ event }) => event.address),
    tokenId: field(bigint, ({ event: { body } }) => body.tokenId),
    type: field(positionChange, ({ event: { body } }) => body.type),
    pool: maybe(linkTo(pool), (of) => of.pool, 'Null while it is not known.'),
    liquidity: maybe(bigint, ({ event: { body } }) =>
      'liquidity' in body ? body.liquidity : null,
    ),
    amount0: maybe(bigint, ({ event: { body } }) => ('amount0' in body ? body.amount0 : null)),
    amount1: maybe(bigint, ({ event: { body } }) => ('amount1' in body ? body.amount1 : null)),
    from: maybe(address, ({ event: { body } }) => ('from' in body ? body.from : null)),
    to: maybe(address, ({ event: { body } }) => ('to' in body ? body.to : null)),
    recipient: maybe(address, ({ event: { body } }) =>
      'recipient' in body ? body.recipient : null,
    ),
  },
)

export const activityKind = choice<ChainActivity['kind']>('ChainActivityKind', {
  swap: {},
  liquidity: { description: 'Liquidity of a pool, as the pool tells it.' },
  position: { description: 'A position that is an NFT.' },
  'nft-transfer': {},
})

/** One row of what accounts did on a chain; of the fields behind `kind` just the one of that kind has a value. */
export const chainActivity = resource<ChainActivity>(
  'ChainActivity',
  'Something that an account took part in: of `swap`, `liquidity`, `position` and `nftTransfer` the one that `kind` names.',
  {
    kind: field(activityKind, (row) => row.kind),
    at: field(time, ({ event }) => event.block.timestamp),
    block: field(block, ({ event }) => event.block),
    transactionHash: field(hash, ({ event }) => event.transactionHash),
    logIndex: field(int, ({ event }) => event.logIndex),
    accounts: field(
      valuesOf('address'),
      ({ accounts }) => accounts,
      'Those of the accounts asked about that took part.',
    ),
    swap: maybe(swap, (row) =>
      row.kind === 'swap' ? { event: row.event, ...netAmounts(row.event.body) } : null,
    ),
    liquidity: maybe(liquidityChange, (row) => (row.kind === 'liquidity' ? row.event : null)),
    position: maybe(positionActivity, (row) => (row.kind === 'position' ? row : null)),
    nftTransfer: maybe(nftActivity, (row) => (row.kind === 'nft-transfer' ? row.event : null)),
  },
)

const pointsActivity = resource<PointsActivity>(
  'PointsActivity',
  'What one operation of the ledger did to an account of the person.',
  {
    account: field(text, ({ account }) => account),
    asset: field(text, ({ asset }) => asset),
    movement: field(pointsMovement, ({ line }) => line),
  },
)

const personKind = choice<PlacedActivity['kind']>('PersonActivityKind', {
  chain: { description: 'With pools or NFTs, by any wallet of the person.' },
  points: {},
  role: { description: 'A role of a Discord guild that was given or taken.' },
})

/** One row of what a person did: of the fields behind `at` just the one that `kind` names has a value. */
export const personActivity = resource<PlacedActivity>(
  'PersonActivity',
  'Something that a person did, or that was done for it: of `chain`, `points` and `role` the one that `kind` names.',
  {
    kind: field(personKind, (row) => row.kind),
    at: field(time, ({ atMs }) => Math.floor(atMs / 1_000)),
    chain: maybe(chainActivity, (of) => (of.kind === 'chain' ? of.row : null)),
    points: maybe(pointsActivity, (of) => (of.kind === 'points' ? of.row : null)),
    role: maybe(roleChange, (of) => (of.kind === 'role' ? of.row : null)),
  },
)
