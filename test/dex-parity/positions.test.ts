import { encodeFunctionData, maxUint128, maxUint256, zeroAddress } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contracts } from '#devnet/contracts.ts'
import { type Address, type Hex, ZERO_ADDRESS } from '#core/chain.ts'
import { sqrtPriceAtTick } from '#core/dex/protocols/tick-price.ts'
import { listPositions, listPositionsOfManager } from '#core/dex/positions/list-positions.ts'
import type { Position } from '#core/dex/positions/position.ts'
import { addressOf } from '../fakes/encode.ts'
import { createRandom } from '../fakes/random.ts'
import { type Chain, type Contract, openChain, REVERTED } from './chain.ts'
import { indexChain, type IndexedChain } from './forks.ts'

const chain = await openChain('positions of Uniswap V3')
afterAll(() => chain?.[Symbol.asyncDispose]())

const STEPS = 45
const SPECS = [
  { feePips: 500, spacing: 10 },
  { feePips: 3_000, spacing: 60 },
] as const
/** Receive NFTs, and do nothing with them. */
const [ANN, BOB] = [addressOf(0xa001), addressOf(0xb002)]
/** Everything that is collected is paid to it. */
const COLLECTOR = addressOf(0xc003)

type Market = {
  readonly tokens: readonly [Contract, Contract]
  readonly pool: Address
  readonly feePips: number
  readonly spacing: number
}
type Told = readonly [
  nonce: bigint,
  operator: string,
  token0: string,
  token1: string,
  fee: number,
  tickLower: number,
  tickUpper: number,
  liquidity: bigint,
  ...unknown[],
]

describe.skipIf(!chain)('positions against the NonfungiblePositionManager', () => {
  const on = chain as Chain
  let manager: Contract
  let router: Contract
  const markets: Market[] = []
  /** With every pool; and with one of the two only. */
  let whole: IndexedChain
  let half: IndexedChain
  let minted = 0n

  async function openMarket({ feePips, spacing }: (typeof SPECS)[number], factory: Contract) {
    const tokens = await on.deployTokens([router, manager])
    const terms = [...tokens.map(({ address }) => address), feePips]
    await on.send(manager, 'createAndInitializePoolIfNecessary', [...terms, sqrtPriceAtTick(3)])
    const pool = (await on.read<string>(factory, 'getPool', terms)).toLowerCase() as Address
    markets.push({ tokens, pool, feePips, spacing })
  }

  const call = (name: string, ...args: readonly unknown[]): Hex =>
    encodeFunctionData({ abi: manager.abi, functionName: name, args })

  beforeAll(async () => {
    const random = createRandom(54)
    const weth = (await on.deploy(contracts.weth)).address
    const factory = await on.deploy(contracts.v3Factory)
    router = await on.deploy(contracts.v3Router, [factory.address, weth])
    manager = await on.deploy(contracts.positionManager, [factory.address, weth, zeroAddress])
    for (const spec of SPECS) await openMarket(spec, factory)

    const mint = ({ tokens, feePips, spacing }: Market, recipient: Address): Hex => {
      minted++
      const reach = spacing * (1 + random.int(8))
      return call('mint', [
        ...tokens.map(({ address }) => address),
        feePips,
        -reach,
        reach + spacing * random.int(5),
        10n ** 9n + random.bits(60),
        10n ** 9n + random.bits(60),
        0n,
        0n,
        recipient,
        maxUint256,
      ])
    }
    const increase = (id: bigint): Hex =>
      call('increaseLiquidity', [id, random.bits(50), 1n + random.bits(50), 0n, 0n, maxUint256])
    const collect = (id: bigint, most = maxUint128): Hex =>
      call('collect', [id, COLLECTOR, most, most])
    const send = (calls: readonly Hex[]) => on.succeeds(manager, 'multicall', [calls])

    for (const market of markets) await send([mint(market, on.account), mint(market, on.account)])
    // Several in one transaction, of both pools, some of them the owner's to change at once.
    const next = minted + 1n
    await send([
      mint(markets[0] as Market, on.account),
      mint(markets[1] as Market, ANN),
      increase(next),
      mint(markets[1] as Market, on.account),
      increase(1n),
      collect(next),
    ])
    for (let step = 0; step < STEPS; step++) {
      const market = random.pick(markets)
      const id = 1n + BigInt(random.int(Number(minted)))
      const liquidity = await on.ask<Told>(manager, 'positions', [id])
      const held = liquidity === REVERTED ? 0n : liquidity[7]
      const part = (held * BigInt(random.int(101))) / 100n
      const decrease = call('decreaseLiquidity', [id, part, 0n, 0n, maxUint256])
      switch (random.int(9)) {
        case 0:
          await send([mint(market, random.pick([on.account, ANN]))])
          break
        case 1:
        case 2:
          await send([increase(id), increase(id)])
          break
        case 3:
          await send([decrease, ...(random.chance(0.5) ? [collect(id)] : [])])
          break
        case 4:
          await send([collect(id, random.chance(0.5) ? maxUint128 : 1n + random.bits(20))])
          break
        case 5:
          await on.succeeds(manager, 'transferFrom', [on.account, random.pick([ANN, BOB]), id])
          break
        case 6:
          await send([
            ...(held > 0n ? [call('decreaseLiquidity', [id, held, 0n, 0n, maxUint256])] : []),
            collect(id),
            call('burn', id),
          ])
          break
        default: {
          const [from, to] = random.chance(0.5) ? market.tokens : market.tokens.toReversed()
          await on.succeeds(router, 'exactInputSingle', [
            [
              from?.address,
              to?.address,
              market.feePips,
              on.account,
              maxUint256,
              10n ** 6n + random.bits(40),
              0n,
              0n,
            ],
          ])
        }
      }
    }
    const positions = { kind: 'uniswap-v3-positions', address: manager.address, startBlock: 0 }
    const { tokens, pool, feePips } = markets[0] as Market
    const [token0, token1] = tokens.map(({ address }) => address)
    const [all, one] = [
      { kind: 'uniswap-v3', factory: factory.address, startBlock: 0 },
      { kind: 'pool', protocol: 'uniswap-v3', address: pool, token0, token1, fee: feePips },
    ]
    whole = await indexChain(on, [all, positions])
    half = await indexChain(on, [one, positions])
  }, 120_000)
  afterAll(async () => {
    await whole?.[Symbol.asyncDispose]()
    await half?.[Symbol.asyncDispose]()
  })

  const positionsIn = async ({ api, view }: IndexedChain): Promise<readonly Position[]> => {
    const at = await view()
    const all = { manager: manager.address, limit: 1_000 }
    const { items } = await listPositionsOfManager(api.ports, at, all)
    expect(items.map(({ tokenId }) => tokenId)).toEqual(
      Array.from({ length: Number(minted) }, (_, index) => BigInt(index + 1)),
    )
    return items
  }

  test('pool, range, liquidity and owner of each are what the contract says', async () => {
    let burnt = 0
    for (const { tokenId, ...position } of await positionsIn(whole)) {
      const told = await on.ask<Told>(manager, 'positions', [tokenId])
      if (told === REVERTED) {
        burnt++
        expect(position).toMatchObject({ owner: ZERO_ADDRESS, liquidity: 0n })
        expect(position.burntAt).not.toBe(null)
        continue
      }
      const [, , token0, , fee, tickLower, tickUpper, liquidity] = told
      const market = markets.find(({ feePips }) => feePips === fee) as Market
      expect(market.tokens[0].address).toBe(token0.toLowerCase())
      const owner = (await on.read<string>(manager, 'ownerOf', [tokenId])).toLowerCase()
      expect(position).toMatchObject({ pool: market.pool, tickLower, tickUpper, liquidity, owner })
      expect(position.burntAt).toBe(null)
    }
    expect(burnt).toBeGreaterThan(0)
  })

  test('what was collected of all is what the pools paid out, to the unit', async () => {
    const positions = await positionsIn(whole)
    for (const { pool, tokens } of markets) {
      const of = positions.filter((each) => each.pool === pool)
      const sums = [
        of.reduce((sum, { collected0 }) => sum + collected0, 0n),
        of.reduce((sum, { collected1 }) => sum + collected1, 0n),
      ]
      const paid = await Promise.all(
        tokens.map((token) => on.read<bigint>(token, 'balanceOf', [COLLECTOR])),
      )
      expect(paid[0]).toBeGreaterThan(0n)
      expect(sums).toEqual(paid)
    }
  })

  test('a burnt position has collected what was withdrawn, and its fees beyond that', async () => {
    const burnt = (await positionsIn(whole)).filter(({ burntAt }) => burntAt !== null)
    for (const { collected0, withdrawn0, collected1, withdrawn1 } of burnt) {
      expect(collected0).toBeGreaterThanOrEqual(withdrawn0)
      expect(collected1).toBeGreaterThanOrEqual(withdrawn1)
    }
  })

  test('lists of an owner and of a pool have what is held, page by page', async () => {
    const { api, view } = whole
    const at = await view()
    const walk = async (of: { owner?: Address; pool?: Address }): Promise<bigint[]> => {
      const ids: bigint[] = []
      let after: Position | undefined
      for (;;) {
        const page = await listPositions(api.ports, at, {
          ...of,
          limit: 2,
          ...(after && { after }),
        })
        ids.push(...page.items.map(({ tokenId }) => tokenId))
        if (!page.hasMore) return ids.toSorted((a, b) => (a < b ? -1 : 1))
        after = page.items.at(-1)
      }
    }
    const held = (await positionsIn(whole)).filter(({ owner }) => owner !== ZERO_ADDRESS)
    const idsOf = (is: (position: Position) => boolean) =>
      held.filter(is).map(({ tokenId }) => tokenId)
    for (const owner of [on.account, ANN, BOB]) {
      const ids = await walk({ owner })
      expect(ids).toEqual(idsOf((each) => each.owner === owner))
      expect(ids.length).toBe(Number(await on.read<bigint>(manager, 'balanceOf', [owner])))
    }
    for (const { pool } of markets) {
      expect(await walk({ pool })).toEqual(idsOf((each) => each.pool === pool))
      expect(await walk({ pool, owner: ANN })).toEqual(
        idsOf((each) => each.pool === pool && each.owner === ANN),
      )
    }
  })

  test('of a pool that is not indexed, positions say so and have all the rest', async () => {
    const expected = await positionsIn(whole)
    const indexed = markets[0]?.pool
    for (const [index, position] of (await positionsIn(half)).entries()) {
      const known = expected[index] as Position
      if (known.pool === indexed) expect(position).toEqual(known)
      else {
        const { collected0, collected1, ...rest } = known
        const unknown = { pool: ZERO_ADDRESS, tickLower: null, tickUpper: null }
        expect(position).toMatchObject({ ...rest, ...unknown })
        // The manager tells what it asked for, which its pool may round down.
        expect(position.collected0).toBeGreaterThanOrEqual(collected0)
        expect(position.collected1).toBeGreaterThanOrEqual(collected1)
      }
    }
  })
})
