import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Address } from '#core/chain.ts'
import { type Pool, poolDocuments, PRICE_ONE, poolPriceX192 } from '#core/dex/pool.ts'
import { volumeDocuments } from '#core/dex/trading/volume.ts'
import { holderDocuments, holdingDocuments } from '#core/nft/holding.ts'
import type { Transfer } from '#core/nft/transfer.ts'
import {
  candleDocuments,
  type CandleInterval,
  candleIntervals,
  secondsOf,
} from '#core/dex/trading/candle.ts'
import type { DexEvent } from '#core/dex/events.ts'
import { positionDocuments } from '#core/dex/positions/position.ts'
import type { PositionEvent } from '#core/dex/positions/position-events.ts'
import { tickDocuments } from '#core/dex/tick.ts'
import { summaryDocuments } from '#core/tokens/balance.ts'
import type { TokenTransfer } from '#core/tokens/token-transfer.ts'
import { catalogue } from '#core/catalogue.ts'
import { type DocumentSpec, keyText, type Key } from '#core/history/document.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type { DocumentsAtHand, Slot } from '#core/history/projection.ts'
import { beginFold, partsOf, wantedByEvents } from '#core/indexing/project.ts'
import type { PoolSource } from '#core/dex/sources/dex-source.ts'
import { addressOf } from '../../fakes/encode.ts'

const POOL = addressOf(0x22)
const FACTORY = addressOf(0xf2)
const NFT = addressOf(0x721)
const MANAGER = addressOf(0xc36)
/** The second of the pool. */
const TOKEN = addressOf(2)
const [ANN, BOB] = [addressOf(0xa), addressOf(0xb)]
const ZERO = addressOf(0)
const listed: PoolSource = {
  kind: 'pool',
  protocol: 'uniswap-v2',
  address: POOL,
  token0: addressOf(1),
  token1: addressOf(2),
  feePips: 3000,
  startBlock: null,
}
type AnyBody = DexEvent | Transfer | PositionEvent | TokenTransfer

/** A fold over plain maps. */
function folder() {
  const slots = new Map<string, Slot>()
  const documents: DocumentsAtHand = {
    slot(spec, key) {
      const text = keyText(spec.kind, key)
      const slot = slots.get(text) ?? { value: undefined, changedAt: undefined }
      slots.set(text, slot)
      return slot as never
    },
  }
  const fold = beginFold(catalogue, { documents, sources: [listed] })
  let logIndex = 0
  return {
    apply(body: AnyBody, timestamp = 1_000, address = POOL, number = 1): void {
      const event: ChainEvent = {
        block: { number, hash: `0x${number.toString(16).padStart(64, '0')}`, timestamp },
        transactionHash: `0x${'0'.repeat(64)}`,
        logIndex: logIndex++,
        address,
        body,
      }
      fold.apply(event)
    },
    read<T extends object>(spec: DocumentSpec<T>, key: Key) {
      fold.finish()
      return slots.get(keyText(spec.kind, key))?.value as T | undefined
    },
    all<T extends object>({ kind }: DocumentSpec<T>) {
      fold.finish()
      return [...slots]
        .filter(([text, slot]) => text.startsWith(`${kind}:`) && slot.value !== undefined)
        .map(([, slot]) => slot.value as T)
    },
  }
}

const sync = (reserve0: bigint, reserve1: bigint): AnyBody => ({
  type: 'sync',
  protocol: 'uniswap-v2',
  reserve0,
  reserve1,
})
const swapV2 = (in0: bigint, in1: bigint, out0: bigint, out1: bigint): AnyBody => ({
  type: 'swap',
  protocol: 'uniswap-v2',
  sender: ANN,
  recipient: BOB,
  amount0In: in0,
  amount1In: in1,
  amount0Out: out0,
  amount1Out: out1,
})

describe('candles', () => {
  /** What the candles must be, from the definition: every trade with the price after it, in order. */
  function naiveCandle(
    trades: readonly { timestamp: number; price: bigint; amount0: bigint }[],
    open0: bigint,
    interval: CandleInterval,
    start: number,
  ) {
    const within = trades.filter(
      ({ timestamp }) => timestamp >= start && timestamp < start + secondsOf[interval],
    )
    const before = trades.findLast(({ timestamp }) => timestamp < start)
    const open = before?.price ?? open0
    const prices = [open, ...within.map(({ price }) => price)]
    const highest = prices.reduce((a, b) => (a > b ? a : b))
    const lowest = prices.reduce((a, b) => (a < b ? a : b))
    return {
      open,
      high: highest,
      low: lowest,
      close: within.at(-1)?.price,
      volume0: within.reduce((sum, { amount0 }) => sum + amount0, 0n),
      trades: within.length,
    }
  }

  test('are what their definition says, for any trades at any times', () => {
    const reserve = fc.bigInt(1_000_000n, 2n ** 100n)
    const trade = fc.record({
      wait: fc.integer({ min: 0, max: 4_000 }),
      reserve0: reserve,
      reserve1: reserve,
      amount0: fc.bigInt(1n, 999_999n),
    })
    fc.assert(
      fc.property(fc.array(trade, { minLength: 1, maxLength: 40 }), (trades) => {
        const { apply, all } = folder()
        let timestamp = 1_700_000_000
        const seen: { timestamp: number; price: bigint; amount0: bigint }[] = []
        let open0: bigint | undefined
        for (const { wait, reserve0, reserve1, amount0 } of trades) {
          timestamp += wait
          apply(sync(reserve0, reserve1), timestamp)
          apply(swapV2(amount0, 0n, 0n, 0n), timestamp)
          open0 ??= (reserve1 << 192n) / (reserve0 - amount0)
          seen.push({ timestamp, price: (reserve1 << 192n) / reserve0, amount0 })
        }
        const candles = all(candleDocuments)
        for (const interval of candleIntervals) {
          const mine = candles.filter((candle) => candle.interval === interval)
          const starts = new Set(
            seen.map((each) => each.timestamp - (each.timestamp % secondsOf[interval])),
          )
          expect(new Set(mine.map(({ start }) => start))).toEqual(starts)
          for (const candle of mine)
            expect(candle).toMatchObject(naiveCandle(seen, open0 as bigint, interval, candle.start))
        }
      }),
      { numRuns: 60 },
    )
  })

  test('a longer interval is the sum of the shorter ones within it', () => {
    const { apply, all } = folder()
    for (let index = 0; index < 50; index++) {
      apply(sync(1_000_000n + BigInt(index * 7_919), 2_000_000n), 1_700_000_000 + index * 37)
      apply(swapV2(BigInt(index + 1), 0n, 0n, 5n), 1_700_000_000 + index * 37)
    }
    const candles = all(candleDocuments)
    const sum = (interval: CandleInterval) => {
      const mine = candles.filter((candle) => candle.interval === interval)
      return [
        mine.reduce((total, { volume0 }) => total + volume0, 0n),
        mine.reduce((total, { trades }) => total + trades, 0),
      ]
    }
    for (const interval of candleIntervals) expect(sum(interval)).toEqual([1_275n, 50])
    expect(all(volumeDocuments).find(({ period }) => period === 'day')?.volume0).toBe(1_275n)
  })

  test('a trade before any price is known is counted, not charted', () => {
    const { apply, read, all } = folder()
    apply(swapV2(5n, 0n, 0n, 1n))
    expect(read(poolDocuments, [POOL])?.swapCount).toBe(1)
    expect(all(candleDocuments)).toEqual([])
  })
})

describe('volumes', () => {
  test('count each trade once a token, and the fee of what came in', () => {
    const { apply, read } = folder()
    apply(sync(10n ** 24n, 10n ** 24n), 7_300)
    apply(swapV2(1_000_000n, 0n, 0n, 990_000n), 7_300)
    apply(swapV2(0n, 2_000_000n, 1_900_000n, 0n), 7_400)
    expect(read(volumeDocuments, [POOL, 'hour', 7_200])).toEqual({
      pool: POOL,
      period: 'hour',
      start: 7_200,
      volume0: 2_900_000n,
      volume1: 2_990_000n,
      fees0: 3_000n,
      fees1: 6_000n,
      trades: 2,
    })
  })

  test('a trade of a pool without a price counts in volumes, and is not charted', () => {
    const { apply, read, all } = folder()
    apply(swapV2(1_000n, 0n, 0n, 900n), 7_300)
    expect(read(volumeDocuments, [POOL, 'hour', 7_200])).toMatchObject({
      volume0: 1_000n,
      volume1: 900n,
      fees0: 3n,
      trades: 1,
    })
    expect(all(candleDocuments)).toEqual([])
  })

  test('trades with and without a price in one minute all count in volumes', () => {
    const { apply, read } = folder()
    apply(swapV2(1_000n, 0n, 0n, 900n), 7_300)
    apply(sync(10_000n, 10_000n), 7_301)
    apply(swapV2(500n, 0n, 0n, 400n), 7_301)
    expect(read(volumeDocuments, [POOL, 'hour', 7_200])).toMatchObject({
      volume0: 1_500n,
      trades: 2,
    })
    expect(read(candleDocuments, [POOL, '1h', 7_200])).toMatchObject({ volume0: 500n, trades: 1 })
  })

  test('a flash swap counts what it left behind, not what it borrowed', () => {
    const { apply, read } = folder()
    apply(sync(10n ** 24n, 10n ** 24n), 7_300)
    apply(swapV2(1_003_010n, 0n, 1_000_000n, 0n), 7_300)
    expect(read(volumeDocuments, [POOL, 'hour', 7_200])).toMatchObject({
      volume0: 3_010n,
      volume1: 0n,
    })
  })
})

describe('pools', () => {
  const created: AnyBody = {
    type: 'poolCreated',
    protocol: 'uniswap-v3',
    pool: POOL,
    token0: addressOf(1),
    token1: addressOf(2),
    feePips: 500,
    tickSpacing: 10,
  }
  const swapV3 = (amount0: bigint, amount1: bigint, tick: number, liquidity: bigint): AnyBody => ({
    type: 'swap',
    protocol: 'uniswap-v3',
    sender: ANN,
    recipient: ANN,
    amount0,
    amount1,
    sqrtPriceX96: 1n << 96n,
    liquidity,
    tick,
  })
  const mint = (tickLower: number, tickUpper: number, liquidity: bigint): AnyBody => ({
    type: 'mint',
    protocol: 'uniswap-v3',
    sender: ANN,
    owner: ANN,
    tickLower,
    tickUpper,
    liquidity,
    amount0: 100n,
    amount1: 200n,
  })

  test('a V3 pool follows price, tick, liquidity in range, and what it holds', () => {
    const { apply, read } = folder()
    const pool = () => read(poolDocuments, [POOL])
    apply(created, 50, FACTORY, 7)
    expect(pool()).toMatchObject({ createdBlock: 7, createdAt: 50, factory: FACTORY, reserve0: 0n })
    apply({ type: 'initialize', protocol: 'uniswap-v3', sqrtPriceX96: 1n << 96n, tick: 0 })
    apply(mint(-10, 10, 1_000n))
    // Its range begins just above the price, and one that ends at it: neither counts.
    apply(mint(10, 20, 77n))
    apply(mint(-10, 0, 99n))
    expect(pool()).toMatchObject({ liquidity: 1_000n, reserve0: 300n, reserve1: 600n })
    expect(poolPriceX192(pool() as Pool)).toBe(PRICE_ONE)
    apply(swapV3(50n, -40n, 3, 1_000n))
    expect(pool()).toMatchObject({ tick: 3, reserve0: 350n, reserve1: 560n, swapCount: 1 })
    const burn = { owner: ANN, tickLower: -10, tickUpper: 10, liquidity: 400n } as const
    apply({ type: 'burn', protocol: 'uniswap-v3', ...burn, amount0: 5n, amount1: 5n })
    expect(pool()).toMatchObject({ liquidity: 600n, reserve0: 350n })
    apply({
      type: 'collect',
      protocol: 'uniswap-v3',
      owner: ANN,
      recipient: ANN,
      tickLower: -10,
      tickUpper: 10,
      amount0: 5n,
      amount1: 6n,
    })
    const party = { sender: ANN, recipient: ANN, protocol: 'uniswap-v3' } as const
    apply({ type: 'flash', ...party, amount0: 9n, amount1: 9n, paid0: 1n, paid1: 2n })
    apply({ type: 'collectProtocol', ...party, amount0: 3n, amount1: 1n })
    expect(pool()).toMatchObject({ reserve0: 343n, reserve1: 555n })
  })

  test('LP fees of a V3 pool are without what the protocol takes of them, from when it is told', () => {
    const { apply, read } = folder()
    const fees = () => read(volumeDocuments, [POOL, 'day', 0])
    apply(created, 50, FACTORY, 7)
    apply(swapV3(1_000_000n, -900_000n, 0, 5n))
    expect(fees()).toMatchObject({ fees0: 500n, fees1: 0n })
    apply({ type: 'setFeeProtocol', protocol: 'uniswap-v3', parts0: 4, parts1: 10 })
    apply(swapV3(1_000_000n, -900_000n, 0, 5n))
    expect(fees()).toMatchObject({ fees0: 500n + 375n })
    apply(swapV3(-900_000n, 1_000_000n, 0, 5n))
    expect(fees()).toMatchObject({ fees0: 875n, fees1: 450n })
    apply({ type: 'setFeeProtocol', protocol: 'uniswap-v3', parts0: 0, parts1: 0 })
    apply(swapV3(1_000_000n, -900_000n, 0, 5n))
    expect(fees()).toMatchObject({ fees0: 1_375n })
  })

  test('a swap of PancakeSwap V3 moves the pool as one of Uniswap does, and tells the protocol’s share', () => {
    const { apply, read } = folder()
    apply(created, 50, FACTORY, 7)
    const swap = { ...swapV3(1_000_000n, -900_000n, 9, 5n), protocol: 'pancakeswap-v3' } as const
    apply({ ...swap, protocolFee0: 160n, protocolFee1: 0n } as AnyBody)
    expect(read(poolDocuments, [POOL])).toMatchObject({ tick: 9, liquidity: 5n, swapCount: 1 })
    expect(read(volumeDocuments, [POOL, 'day', 0])).toMatchObject({ fees0: 340n, trades: 1 })
  })

  test('a share of the protocol above the fee leaves the providers nothing, and takes nothing from them', () => {
    const { apply, read } = folder()
    apply(created, 50, FACTORY, 7)
    const swap = { ...swapV3(1_000_000n, -900_000n, 9, 5n), protocol: 'pancakeswap-v3' } as const
    apply({ ...swap, protocolFee0: 160n, protocolFee1: 0n } as AnyBody)
    // The fee of one unit rounds to nothing, and the contract rounds it up.
    apply({ ...swap, amount0: 1n, protocolFee0: 1n, protocolFee1: 7n } as AnyBody)
    apply({ ...swap, protocolFee0: 2n ** 128n - 1n, protocolFee1: 0n } as AnyBody)
    const fees = { fees0: 340n, fees1: 0n, trades: 3 }
    expect(read(volumeDocuments, [POOL, 'day', 0])).toMatchObject(fees)
  })

  test('the ticks of a V3 pool are sums over all positions that begin or end there', () => {
    const { apply, read } = folder()
    const tick = (index: number) => read(tickDocuments, [POOL, index])
    apply(created, 50, FACTORY, 7)
    apply(mint(-10, 10, 1_000n))
    apply(mint(10, 20, 77n))
    expect(tick(-10)).toMatchObject({ liquidityGross: 1_000n, liquidityNet: 1_000n })
    expect(tick(10)).toMatchObject({ liquidityGross: 1_077n, liquidityNet: -923n })
    const burn = {
      type: 'burn',
      protocol: 'uniswap-v3',
      owner: ANN,
      amount0: 0n,
      amount1: 0n,
    } as const
    apply({ ...burn, tickLower: -10, tickUpper: 10, liquidity: 1_000n })
    expect(tick(-10)).toMatchObject({ liquidityGross: 0n, liquidityNet: 0n })
    expect(tick(10)).toMatchObject({ liquidityGross: 77n, liquidityNet: 77n })
    // Fees are credited by burning nothing.
    apply({ ...burn, tickLower: -50, tickUpper: 50, liquidity: 0n })
    expect(tick(-50)).toBeUndefined()
  })

  test('a listed V3 pool knows what its events say, and not what was before them', () => {
    const { apply, read } = folder()
    apply(mint(-10, 10, 5n))
    expect(read(poolDocuments, [POOL])).toMatchObject({
      liquidity: null,
      reserve0: null,
      tick: null,
    })
    apply(swapV3(1n, -1n, 0, 50n))
    expect(read(poolDocuments, [POOL])).toMatchObject({ liquidity: 50n, reserve0: null })
    apply(mint(-10, 10, 5n))
    expect(read(poolDocuments, [POOL])).toMatchObject({ liquidity: 55n })
    // Sums that begin in the middle would be taken for whole ones.
    expect(read(tickDocuments, [POOL, -10])).toBeUndefined()
  })
})

describe('holdings', () => {
  const move = (
    standard: 'erc721' | 'erc1155',
    from: Address,
    to: Address,
    ...tokens: [bigint, bigint][]
  ): AnyBody => ({
    type: 'transfer',
    protocol: standard,
    operator: null,
    from,
    to,
    tokenIds: tokens.map(([tokenId]) => tokenId),
    amounts: tokens.map(([, amount]) => amount),
  })

  test('an ERC-721 token has one holder, wherever it came from', () => {
    const { apply, read } = folder()
    apply(move('erc721', ZERO, ANN, [7n, 1n]), 1, NFT)
    apply(move('erc721', ANN, BOB, [7n, 1n]), 1, NFT)
    expect(read(holdingDocuments, [NFT, 7n, ANN])).toMatchObject({ amount: 0n, shortfall: 0n })
    expect(read(holdingDocuments, [NFT, 7n, BOB])).toMatchObject({ amount: 1n })
    expect(read(holderDocuments, [NFT, ANN])).toMatchObject({ tokenCount: 0, amount: 0n })
    expect(read(holderDocuments, [NFT, BOB])).toMatchObject({ tokenCount: 1, amount: 1n })
    expect(read(holdingDocuments, [NFT, 7n, ZERO])).toBeUndefined()
  })

  test('an ERC-721 token has one owner, whatever its transfers say of the one before', () => {
    const { apply, all, read } = folder()
    const owners = () =>
      all(holdingDocuments)
        .filter(({ amount }) => amount > 0n)
        .map(({ owner }) => owner)
    apply(move('erc721', ZERO, ANN, [7n, 1n]), 1, NFT)
    // Minted anew without a burn being announced.
    apply(move('erc721', ZERO, BOB, [7n, 1n]), 1, NFT)
    expect(owners()).toEqual([BOB])
    // `from` is an operator, or the announcement comes twice.
    apply(move('erc721', addressOf(0xc), ANN, [7n, 1n]), 1, NFT)
    apply(move('erc721', addressOf(0xc), ANN, [7n, 1n]), 1, NFT)
    expect(owners()).toEqual([ANN])
    expect(read(holdingDocuments, [NFT, 7n, addressOf(0xc)])).toBeUndefined()
    expect(read(holderDocuments, [NFT, BOB])).toMatchObject({ tokenCount: 0, amount: 0n })
    apply(move('erc721', BOB, ZERO, [7n, 1n]), 1, NFT)
    expect(owners()).toEqual([])
  })

  test('who is named as the sender of an ERC-721 token not seen before has had it before', () => {
    const { apply, read } = folder()
    apply(move('erc721', ANN, BOB, [7n, 1n]), 1, NFT)
    expect(read(holdingDocuments, [NFT, 7n, ANN])).toMatchObject({ amount: 0n, shortfall: 1n })
    apply(move('erc721', BOB, ANN, [7n, 1n]), 1, NFT)
    expect(read(holdingDocuments, [NFT, 7n, ANN])).toMatchObject({ amount: 1n })
  })

  test('who sends what was never seen to come has had it before, and gets it back whole', () => {
    const { apply, read } = folder()
    apply(move('erc1155', ANN, BOB, [1n, 5n]), 1, NFT)
    expect(read(holdingDocuments, [NFT, 1n, ANN])).toMatchObject({ amount: 0n, shortfall: 5n })
    apply(move('erc1155', BOB, ANN, [1n, 5n]), 1, NFT)
    expect(read(holdingDocuments, [NFT, 1n, ANN])).toMatchObject({ amount: 5n, shortfall: 5n })
    expect(read(holderDocuments, [NFT, BOB])).toMatchObject({ tokenCount: 0, amount: 0n })
  })

  test('a token sent to oneself, an amount of nothing, and an id twice in a batch change nothing wrong', () => {
    const { apply, read } = folder()
    apply(move('erc1155', ZERO, ANN, [1n, 5n], [1n, 2n], [2n, 0n]), 1, NFT)
    apply(move('erc1155', ANN, ANN, [1n, 7n]), 1, NFT)
    expect(read(holdingDocuments, [NFT, 1n, ANN])).toMatchObject({ amount: 7n, shortfall: 0n })
    expect(read(holderDocuments, [NFT, ANN])).toMatchObject({ tokenCount: 1, amount: 7n })
  })

  test('with the whole history, holdings are the sums of what came and went', () => {
    const accounts = [ANN, BOB, addressOf(0xc)]
    const step = fc.record({
      from: fc.constantFrom(...accounts, ZERO),
      to: fc.constantFrom(...accounts, ZERO),
      tokenId: fc.bigInt(0n, 2n),
      amount: fc.bigInt(0n, 9n),
    })
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const { apply, read } = folder()
        const sums = new Map<string, bigint>()
        for (const { from, to, tokenId, amount } of steps) {
          const have = sums.get(`${tokenId} ${from}`) ?? 0n
          if (from !== ZERO && have < amount) continue
          apply(move('erc1155', from, to, [tokenId, amount]), 1, NFT)
          sums.set(`${tokenId} ${from}`, have - amount)
          sums.set(`${tokenId} ${to}`, (sums.get(`${tokenId} ${to}`) ?? 0n) + amount)
        }
        for (const owner of accounts) {
          const mine = [0n, 1n, 2n].map((tokenId) => sums.get(`${tokenId} ${owner}`) ?? 0n)
          for (const [tokenId, sum] of mine.entries())
            expect(read(holdingDocuments, [NFT, BigInt(tokenId), owner])?.amount ?? 0n).toBe(sum)
          const holder = read(holderDocuments, [NFT, owner])
          expect(holder?.tokenCount ?? 0).toBe(mine.filter((sum) => sum > 0n).length)
          expect(holder?.amount ?? 0n).toBe(mine.reduce((a, b) => a + b, 0n))
        }
      }),
    )
  })
})

test('a transfer may name more tokens than a call can take arguments', () => {
  const tokenIds = Array.from({ length: 400_000 }, (_, token) => BigInt(token))
  const body: Transfer = {
    type: 'transfer',
    protocol: 'erc1155',
    operator: ANN,
    from: ANN,
    to: BOB,
    tokenIds,
    amounts: tokenIds,
  }
  const event: ChainEvent = {
    block: { number: 1, hash: `0x${'1'.repeat(64)}`, timestamp: 1_000 },
    transactionHash: `0x${'0'.repeat(64)}`,
    logIndex: 0,
    address: NFT,
    body,
  }
  // Each of both has a holder, a page of activity, and a holding of each token.
  expect(wantedByEvents(partsOf(catalogue, [event]))).toHaveLength(2 * (2 + tokenIds.length))
})

describe('of a batch that was given up nothing is left', () => {
  test('to hold against a swap of the same transaction, mined again in another block', () => {
    const sent = (to: Address, amount: bigint): AnyBody => ({
      type: 'tokenTransfer',
      protocol: 'erc20',
      from: POOL,
      to,
      amount,
    })
    const { apply, read } = folder()
    apply(sent(ANN, 40n), 1, TOKEN)
    expect(read(summaryDocuments, [TOKEN])).toMatchObject({ transfers: 1 })
    apply(sent(BOB, 90n), 1, TOKEN)
    apply(sent(ANN, 10n), 1, TOKEN)
    apply(sync(1_000n, 900n))
    apply(swapV2(100n, 0n, 0n, 100n))
    expect(read(summaryDocuments, [TOKEN])).toMatchObject({ taxSent: 100n, taxReceived: 90n })
  })

  test('to find the pool of a position by', () => {
    const amounts = { liquidity: 5n, amount0: 1n, amount1: 2n }
    const ticks = { tickLower: -10, tickUpper: 10 }
    const minted: AnyBody = {
      type: 'mint',
      protocol: 'uniswap-v3',
      sender: MANAGER,
      owner: MANAGER,
      ...ticks,
      ...amounts,
    }
    const told = {
      type: 'increasePosition',
      protocol: 'uniswap-v3',
      tokenId: 7n,
      ...amounts,
    } as const
    const poolOf = (isAnew: boolean) => {
      const { apply, read } = folder()
      apply(minted)
      if (isAnew) read(positionDocuments, [MANAGER, 7n])
      apply(told, 1, MANAGER)
      return read(positionDocuments, [MANAGER, 7n])?.pool
    }
    expect([poolOf(false), poolOf(true)]).toEqual([POOL, ZERO])
  })
})
