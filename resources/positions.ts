import { ZERO_ADDRESS } from '#core/chain.ts'
import type { Position } from '#core/dex/positions/position.ts'
import { pool } from './pools.ts'
import { address, amountOf, bigint, field, int, linkTo, maybe, resource, time } from './resource.ts'

const atLeastZero = (amount: bigint): bigint => (amount > 0n ? amount : 0n)

export const position = resource<Position>(
  'Position',
  'Liquidity of one account in one range of a pool of Uniswap V3, as its position manager holds it. Amounts in raw ' +
    'units of the tokens of the pool, as far as events are indexed: all of them where `mintedBlock` is not null.',
  {
    manager: field(address, ({ manager }) => manager, 'The contract that holds it.'),
    tokenId: field(bigint, ({ tokenId }) => tokenId),
    owner: maybe(
      address,
      ({ owner }) => (owner === ZERO_ADDRESS ? null : owner),
      'Null once it is burnt, and where no transfer of it is indexed.',
    ),
    pool: maybe(
      linkTo(pool),
      (of) => (of.pool === ZERO_ADDRESS ? null : of.pool),
      'Null where its pool is not indexed.',
    ),
    tickLower: maybe(int, ({ tickLower }) => tickLower),
    tickUpper: maybe(int, ({ tickUpper }) => tickUpper),
    liquidity: maybe(
      bigint,
      ({ liquidity }) => liquidity,
      'Null for a position that was made before the first block indexed.',
    ),
    deposited0: amountOf(
      0,
      field(bigint, ({ deposited0 }) => deposited0),
    ),
    deposited1: amountOf(
      1,
      field(bigint, ({ deposited1 }) => deposited1),
    ),
    withdrawn0: amountOf(
      0,
      field(
        bigint,
        ({ withdrawn0 }) => withdrawn0,
        'What taking liquidity out freed, paid out or not.',
      ),
    ),
    withdrawn1: amountOf(
      1,
      field(bigint, ({ withdrawn1 }) => withdrawn1),
    ),
    collected0: amountOf(
      0,
      field(bigint, ({ collected0 }) => collected0, 'What was paid out, fees included.'),
    ),
    collected1: amountOf(
      1,
      field(bigint, ({ collected1 }) => collected1),
    ),
    feesCollected0: amountOf(
      0,
      field(
        bigint,
        ({ collected0, withdrawn0 }) => atLeastZero(collected0 - withdrawn0),
        'What was paid out beyond what was withdrawn.',
      ),
    ),
    feesCollected1: amountOf(
      1,
      field(bigint, ({ collected1, withdrawn1 }) => atLeastZero(collected1 - withdrawn1)),
    ),
    mintedBlock: maybe(
      int,
      ({ mintedBlock }) => mintedBlock,
      'Null for a position that was made before the first block indexed.',
    ),
    mintedAt: maybe(time, ({ mintedAt }) => mintedAt),
    burntAt: maybe(time, ({ burntAt }) => burntAt),
  },
)
