import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Address, ZERO_ADDRESS } from '#core/chain.ts'
import { addressOf } from '../fakes/encode.ts'
import { fakeToken, openRig, type Rig } from './api-rig.ts'

describe('tokens and contracts', () => {
  let rig: Rig
  beforeAll(async () => {
    const quotes = { router: addressOf(0x70), wrappedNative: addressOf(0x71) }
    rig = await openRig({ blocks: 12, maxLogs: 20, quotes })
  })
  afterAll(() => rig[Symbol.asyncDispose]())

  test('lists every token that has a pool, over REST and GraphQL alike', async () => {
    const { items } = await rig.json('/v1/pools?limit=500')
    const sides: Address[] = items.flatMap(({ token0, token1 }: any) => [
      token0.address,
      token1.address,
    ])
    const expected = [...new Set(sides)].toSorted()
    expect(expected.length).toBeGreaterThan(3)
    const found: any[] = []
    let cursor: string | null = ''
    while (cursor !== null) {
      const after: string = cursor && `&after=${cursor}`
      const page = await rig.json(`/v1/tokens?limit=3${after}`)
      found.push(...page.items)
      cursor = page.nextCursor
    }
    expect(found).toEqual(expected.map(fakeToken))
    const { data } = await rig.query(
      '{ tokens(first: 500) { nodes { address symbol decimals } pageInfo { hasNextPage } } }',
    )
    expect(data.tokens.nodes.map(({ address }: any) => address)).toEqual(expected)
    expect(data.tokens.pageInfo.hasNextPage).toBe(false)
  })

  test('tells what to approve, and what stands for the native currency', async () => {
    const contracts = {
      chainId: 31_337,
      router: addressOf(0x70),
      native: ZERO_ADDRESS,
      wrappedNative: addressOf(0x71),
    }
    expect(await rig.json('/v1/swaps/contracts')).toEqual({
      block: (await rig.json('/v1/tokens')).block,
      item: contracts,
    })
    const { data } = await rig.query('{ swapContracts { chainId router native wrappedNative } }')
    expect(data.swapContracts).toEqual(contracts)
  })
})
