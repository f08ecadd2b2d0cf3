import { describe, expect, test } from 'vitest'
import { createEthersOwnerReader } from '#adapters/ethers/owner-reader.ts'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import { createViews } from '#core/history/view.ts'
import { createAsk } from '#core/ownership/ask.ts'
import { createBlockAges } from '#core/ownership/block-ages.ts'
import { createOwnershipChecker } from '#core/ownership/checker.ts'
import { parseRule } from '#core/ownership/parse-rule.ts'
import type { OwnerReader, OwnershipRead, ReadAnswer } from '#core/ownership/ports.ts'
import { addressOf } from '../../fakes/encode.ts'
import { createFakeClock } from '../../fakes/index-app.ts'

const [ART, ANN, BEN] = [addressOf(0x721), addressOf(0xa), addressOf(0xb)]
const hashOf = (digit: string) => `0x${digit.repeat(64)}` as const
const outage = (): never => {
  throw new AppError('unavailable', 'chain.rpc: no node answers')
}
const value = (of: bigint): ReadAnswer => ({ status: 'value', value: of, isContract: false })

/** Ann holds one token of every collection. */
const asItIs = (read: OwnershipRead): ReadAnswer => {
  if (read.of === 'interface') return value(read.standard === 'erc721' ? 1n : 0n)
  return value(read.of === 'balance' && read.account === ANN ? 1n : 0n)
}

function world() {
  const store = createMemoryChainStore(createMemoryTables())
  const clock = createFakeClock()
  const reads: OwnershipRead[] = []
  const state = {
    block: { number: 9, hash: hashOf('9'), timestamp: 900 },
    answer: asItIs,
    isAway: { block: false, reads: false },
  }
  const owners: OwnerReader = {
    blockAt: async () => (state.isAway.block ? outage() : state.block),
    async read(_block, asked) {
      if (state.isAway.reads) outage()
      reads.push(...asked)
      return asked.map((each) => state.answer(each))
    },
    timestamps: async (numbers) => numbers.map((number) => number * 100),
  }
  const checker = createOwnershipChecker(
    {
      ...store,
      views: createViews(store.heads, 1),
      owners,
      collections: new Set(),
      isKnownErc721: () => false,
      escrows: [],
      clock,
    },
    1_000,
  )
  const rule = parseRule({ erc721: { collection: ART } })
  const said = async (...people: Address[][]) =>
    (await checker.check({ rule, people, finality: 'latest' })).map(
      ({ answer, reason }) => `${answer} ${reason}`,
    )
  return { state, clock, reads, said }
}

describe('a decision', () => {
  test('is not known while no node can be asked, wherever it fails, and never a no', async () => {
    for (const away of [
      { block: true, reads: false },
      { block: false, reads: true },
    ]) {
      const { state, said, clock } = world()
      state.isAway = away
      expect(await said([ANN], [BEN])).toEqual(['unknown unavailable', 'unknown unavailable'])
      state.isAway = { block: false, reads: false }
      await clock.sleep(2_000)
      expect(await said([ANN], [BEN])).toEqual(['yes met', 'no too-few'])
    }
  })

  test('is taken from memory at the same block, and made anew at another', async () => {
    const { state, reads, said, clock } = world()
    await said([ANN], [BEN])
    const asked = reads.length
    await clock.sleep(2_000)
    await said([BEN], [ANN])
    expect(reads).toHaveLength(asked)
    state.block = { number: 9, hash: hashOf('a'), timestamp: 900 }
    state.answer = (read) => (read.of === 'balance' ? value(0n) : asItIs(read))
    await clock.sleep(2_000)
    expect(await said([ANN])).toEqual(['no too-few'])
  })

  test('that is not known is not remembered', async () => {
    const { state, said } = world()
    state.answer = (read) => (read.of === 'balance' ? { status: 'no-answer' } : asItIs(read))
    expect(await said([ANN])).toEqual(['unknown no-answer'])
    state.answer = asItIs
    expect(await said([ANN])).toEqual(['yes met'])
  })

  test('asks nothing twice, however many people and parts ask it', async () => {
    const { reads, said } = world()
    await said([ANN], [ANN, BEN], [BEN])
    expect(reads).toHaveLength(3)
  })
})

describe('the age of blocks', () => {
  const ages = (away = false) => {
    const asked: number[] = []
    const wasMadeBy = createBlockAges(
      {
        async timestamps(numbers) {
          if (away) outage()
          asked.push(...numbers)
          return numbers.map((number) => number * 12)
        },
      },
      createFakeClock(),
    )
    return { asked, wasMadeBy }
  }

  test('takes a thousand blocks ten questions, and one block one', async () => {
    const { asked, wasMadeBy } = ages()
    const numbers = Array.from({ length: 1_000 }, (_, index) => 5_000 - index)
    const told = await Promise.all(numbers.map((number) => wasMadeBy(number, 4_500 * 12)))
    expect(told).toEqual(numbers.map((number) => number <= 4_500))
    expect(asked.length).toBeLessThanOrEqual(10)
    asked.length = 0
    expect(await wasMadeBy(7, 7 * 12)).toBe(true)
    expect(await wasMadeBy(8, 7 * 12)).toBe(false)
    expect(asked).toEqual([7, 8])
  })

  test('is not known while no node tells', async () => {
    expect(await ages(true).wasMadeBy(7, 84)).toBeUndefined()
  })
})

test('a request that comes to too many questions has no answer, and never a no', async () => {
  const ask = createAsk(
    { read: async (_block, reads) => reads.map(asItIs) },
    { number: 9, hash: hashOf('9'), timestamp: 900 },
    createFakeClock(),
    10,
  )
  const reads = Array.from({ length: 11 }, (_, index) =>
    ask({ of: 'balance', contract: ART, account: addressOf(index + 1) }),
  )
  const told = await Promise.all(reads)
  expect(told.at(-2)).toMatchObject({ status: 'value' })
  expect(told.at(-1)).toEqual({ status: 'too-many' })
})

describe('questions to contracts', () => {
  const block = { number: 9, hash: hashOf('9') }
  const balances = (count: number): OwnershipRead[] =>
    Array.from({ length: count }, (_, index) => ({
      of: 'balance',
      contract: ART,
      account: addressOf(index + 1),
    }))
  /** One answer of owner-lens.sol: a word. */
  const told = (of: number): string => `01${of.toString(16).padStart(64, '0')}`

  test('that a call had no gas left for are asked again', async () => {
    const calls: unknown[][] = []
    const reader = createEthersOwnerReader(async (method, params) => {
      calls.push([method, ...params])
      return `0x${told(calls.length)}${calls.length === 1 ? told(1) : ''}`
    }, 1)
    const answers = await reader.read(block, balances(4))
    expect(answers.map((each) => each.status === 'value' && each.value)).toEqual([1n, 1n, 2n, 3n])
    expect(calls.map(([method, , at]) => [method, at])).toEqual(
      Array.from({ length: 3 }, () => [
        'eth_call',
        { blockHash: block.hash, requireCanonical: true },
      ]),
    )
  })

  test.each([
    ['nothing', '0x'],
    ['half a word', '0x01ff'],
    ['no bytes', { error: 1 }],
    ['more answers than questions', `0x${told(1)}${told(1)}`],
    ['an outcome that there is not', `0x99${told(1).slice(2)}`],
  ])('are not answered by a node that gives %s', async (_, result) => {
    const reader = createEthersOwnerReader(async () => result, 1)
    await expect(reader.read(block, balances(1))).rejects.toMatchObject({ kind: 'unavailable' })
  })

  test('fail as the transport does, with its own words', async () => {
    const reader = createEthersOwnerReader(async () => outage(), 1)
    await expect(reader.read(block, balances(1))).rejects.toThrow('chain.rpc: no node answers')
    await expect(reader.blockAt('safe')).rejects.toMatchObject({ kind: 'unavailable' })
  })
})
