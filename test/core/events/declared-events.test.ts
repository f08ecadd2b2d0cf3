import { toEventSelector } from 'viem'
import { describe, expect, test } from 'vitest'
import { createMemoryChainStore, createMemoryTables } from '#adapters/memory/chain-store.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import type { Source } from '#core/catalogue.ts'
import type { Address, Hash, Hex } from '#core/chain.ts'
import { declaredContracts } from '#core/events/declared-contracts.ts'
import {
  type ContractEventQuery,
  listContractEvents,
  LOOKED_AT_MAX,
} from '#core/events/list-contract-events.ts'
import { parseDeclaration, valueTexts } from '#core/events/event-declaration.ts'
import { contractEvents } from '#core/events/contract-sources.ts'
import { earnPoints } from '#core/earning/earn-points.ts'
import { explainEarning } from '#core/earning/explain-earning.ts'
import type { RuleOf } from '#core/earning/rule.ts'
import { type View, waypointsOf } from '#core/history/head.ts'
import { createViews } from '#core/history/view.ts'
import type { Waypoint } from '#core/history/window.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { commitPorts } from '#core/indexing/commit-ports.ts'
import type { ProvenBlock } from '#core/indexing/fetch-proven.ts'
import { BEFORE_GENESIS } from '#core/indexing/ports.ts'
import { MalformedLog } from '#core/indexing/log-words.ts'
import { createFakeClock } from '../../fakes/index-app.ts'
import { asset, createLedgerApp, LEDGER } from '../ledger/ledger-app.ts'

const SPENT =
  'Spent(bytes32 indexed operation, address indexed account, uint256 amount, address by)'
const PLEDGED = SPENT.replace('Spent', 'Pledged')
const contract: Address = `0x${'c0'.repeat(20)}`
const ann: Address = `0x${'a1'.repeat(20)}`
const relay: Address = `0x${'51'.repeat(20)}`
const word = (value: bigint | string): string => BigInt(value).toString(16).padStart(64, '0')

const declared = (text: string) => {
  const found = parseDeclaration(text)
  if (typeof found === 'string') throw new Error(found)
  return found
}

describe('a declaration of an event', () => {
  test.each([
    SPENT,
    'event Staked(address indexed account, uint amount);',
    'Done()',
    ' Odd ( bool , int24 indexed a,bytes4 b ) ',
  ])('%j is hashed as Solidity does', (text) => {
    const { topic, signature } = declared(text)
    expect(topic).toBe(toEventSelector(signature))
  })

  test('is read by its types, whatever its values are called', () => {
    expect(declared('event Staked(address indexed who, uint amount);')).toMatchObject({
      signature: 'Staked(address,uint256)',
      form: 'Staked(address indexed,uint256)',
      parameters: [
        { name: 'who', type: 'address', isIndexed: true },
        { name: 'amount', type: 'uint256', isIndexed: false },
      ],
    })
  })

  test.each([
    ['Staked', /not a declaration/],
    ['Staked(address account', /not a declaration/],
    ['Named(string name)', /"string name": only values of one word/],
    ['Many(uint256[] ids)', /only values of one word/],
    ['Odd(uint257 a)', /only values of one word/],
    ['Padded(uint08 a)', /only values of one word/],
    ['Padded(bytes04 a)', /only values of one word/],
    ['Twice(uint256 a, uint256 a)', /two values are "a"/],
    ['Four(bool indexed a, bool indexed b, bool indexed c, bool indexed d)', /more than 3/],
    [`Long${'g'.repeat(140)}()`, /more than 135 characters/],
  ])('%j says what is wrong with it', (text, fault) => {
    expect(parseDeclaration(text)).toMatch(fault)
  })
})

const source: Source = {
  kind: 'contract-events',
  address: contract,
  events: [declared(SPENT).form, declared(PLEDGED).form, 'Moved(int24)', 'Flagged(bool,bytes4)'],
  startBlock: null,
}
const { role } = contractEvents.contractOf(source)

describe('a log of a declared event', () => {
  const decode = (text: string, topics: readonly string[], data: readonly string[]) => {
    const { topic } = declared(text)
    const log = {
      topics: [topic, ...topics.map((each) => `0x${each}`)],
      data: `0x${data.join('')}`,
    }
    return role.decoders.get(topic)?.decode(log as never, source)
  }
  const operation = word(77n)

  test('has its values in the order in which they are declared', () => {
    expect(decode(SPENT, [operation, word(ann)], [word(5n), word(relay)])).toEqual({
      type: 'contractEvent',
      protocol: 'declared',
      signature: 'Spent(bytes32,address,uint256,address)',
      words: [77n, BigInt(ann), 5n, BigInt(relay)],
    })
  })

  test.each([
    ['too few topics', SPENT, [operation], [word(5n), word(1n)]],
    ['too little data', SPENT, [operation, word(1n)], [word(5n)]],
    [
      'an address of more than 20 bytes',
      SPENT,
      [operation, word(1n << 160n)],
      [word(5n), word(1n)],
    ],
    ['a number over its type', 'Moved(int24)', [], [word(1n << 23n)]],
    ['a bool of 2', 'Flagged(bool,bytes4)', [], [word(2n), word(0n)]],
    ['bytes beyond their size', 'Flagged(bool,bytes4)', [], [word(1n), word(1n)]],
  ])('is set aside with %s', (_, text, topics, data) => {
    expect(() => decode(text, topics, data)).toThrow(MalformedLog)
  })

  test('has negative numbers as words', () => {
    const minus = BigInt.asUintN(256, -5n)
    expect(decode('Moved(int24)', [], [word(minus)])).toMatchObject({ words: [minus] })
  })
})

const rule: RuleOf<'contract-event'> = {
  kind: 'contract-event',
  name: 'spends',
  version: 1,
  asset,
  startsAt: 0,
  periodSeconds: 86_400,
  capRaw: 40n,
  exclude: [],
  contract,
  signature: declared(SPENT).signature,
  accountAt: 1,
  amountAt: 2,
  where: [{ at: 3, word: BigInt(relay) }],
  rate: { pointsRaw: 1n, perRaw: 10n },
}

/** Spends of ann by transaction; all of the relay unless another is named. */
type Spends = readonly {
  readonly tx: string
  readonly amount: bigint
  readonly by?: Address
  readonly event?: string
}[]

/** A history of the contract, and a ledger that earns from it. Blocks are named, and follow one another. */
async function openWorld() {
  const store = createMemoryChainStore(createMemoryTables())
  const appender = createChainAppender(
    { ...commitPorts(store, createFakeClock(), 1), sha256, newId },
    1,
    [source],
  )
  await appender.open()
  const ledger = await createLedgerApp()
  const views = createViews(store.heads, 1)
  const ports = { ...ledger.ports, history: { events: store.events, views } }
  const blocks: ProvenBlock['header'][] = []

  async function add(name: string, spends: Spends = [], finalNumber = -1): Promise<void> {
    const number = blocks.length
    const header = {
      number,
      hash: sha256(`block ${name}`),
      parentHash: blocks.at(-1)?.hash ?? sha256('before'),
      timestamp: 1_000 + number,
      receiptsRoot: sha256(''),
      logsBloom: '0x',
      hashProven: true,
    } as const
    const logs = spends.map(({ tx, amount, by = relay, event = SPENT }, index) => ({
      address: contract,
      topics: [declared(event).topic, sha256(`operation ${tx}`), `0x${word(ann)}`] as Hash[],
      data: `0x${word(amount)}${word(by)}` as Hex,
      blockNumber: number,
      blockHash: header.hash,
      transactionHash: sha256(tx),
      transactionIndex: index,
      logIndex: index,
    }))
    blocks.push(header)
    await appender.take([{ header, level: 'receipts', logs }])
    const final = blocks[finalNumber]
    await appender.commit(final ? { number: final.number, hash: final.hash } : BEFORE_GENESIS)
  }

  return {
    add,
    history: ports.history,
    view: () => appender.view() as View,
    /** Back to where the first `count` blocks are all there are. */
    async back(count: number): Promise<void> {
      const to = waypointsOf(appender.view() as View).find(({ number }) => number === count - 1)
      await appender.moveBack(to as Waypoint)
      blocks.length = count
    },
    async earn() {
      const input = { ledger: LEDGER, chainId: 1, rules: [rule], actor: 'tester' }
      const [report] = await earnPoints(ports, input)
      const { available, provisional } = await ledger.balance(ann)
      return { available, provisional, ...report }
    },
    explain: (id: string) =>
      explainEarning(ports, { ledger: LEDGER, chainId: 1, rules: [rule] }, id),
  }
}

describe('a list of declared events', () => {
  const list = async (
    query: Partial<ContractEventQuery>,
    { contracts = [source], others = 450 } = {},
  ) => {
    const world = await openWorld()
    await world.add('a')
    await world.add('b', [
      { tx: 'one', amount: 1n },
      { tx: 'two', amount: 2n, event: PLEDGED },
    ])
    // More of the one event than are looked at together, before another one.
    const many = Array.from({ length: others }, (_, index) => ({ tx: `m${index}`, amount: 3n }))
    await world.add('c', many)
    const ports = { ...world.history, declaredContracts: declaredContracts(contracts) }
    const asked = { contract, limit: 2, ...query }
    return listContractEvents(ports, world.view(), asked)
  }
  const PLEDGE = declared(PLEDGED).signature

  test('finds one event among many others, and ends behind it', async () => {
    const { items, next } = await list({ event: 'Pledged' })
    expect(items.map(({ body }) => body.words[2])).toEqual([2n])
    expect(next).toBeUndefined()
    const before = { number: 1, logIndex: 1 }
    expect(await list({ event: PLEDGE, after: before })).toEqual({ items: [], next: undefined })
  })

  test('goes on behind its last item while there are more', async () => {
    const { items, next } = await list({ event: 'Spent', oldestFirst: true })
    expect(items.map(({ body }) => body.words[2])).toEqual([1n, 3n])
    expect(next).toEqual({ number: 2, logIndex: 0 })
    expect((await list({ oldestFirst: true, fromBlock: 1, toBlock: 1 })).next).toBeUndefined()
  })

  test('ends a page where it has looked at so many events as it may, and goes on behind them', async () => {
    const { items, next } = await list({ event: 'Pledged' }, { others: LOOKED_AT_MAX + 50 })
    expect({ items, next }).toEqual({ items: [], next: { number: 2, logIndex: 50 } })
  })

  test('is refused of what is not declared', async () => {
    await expect(list({ event: 'Gone' })).rejects.toThrow(/event: not indexed of .* it takes/)
    await expect(list({}, { contracts: [] })).rejects.toThrow(
      /no.*a source of the kind contract-events/,
    )
  })

  test.each([
    [
      'Odd(bool,bytes4,int24)',
      [1n, 0xabcdn << 240n, BigInt.asUintN(256, -5n)],
      ['true', '0xabcd0000', '-5'],
    ],
    ['Odd(bool,address,uint8)', [0n, 0xa1n, 7n], ['false', `0x${'a1'.padStart(40, '0')}`, '7']],
    ['Done()', [], []],
  ])('has values of %s as people write them', (signature, words, texts) => {
    expect(valueTexts(signature, words)).toEqual(texts)
  })
})

describe('a rule about a declared event', () => {
  const spends: Spends = [
    { tx: 'one', amount: 100n },
    { tx: 'one', amount: 600n, event: PLEDGED },
    { tx: 'one', amount: 50n },
    { tx: 'two', amount: 1_000n, by: ann },
    { tx: 'three', amount: 900n },
  ]

  const idOf = (tx: string, ordinal: number, attempt = 0) =>
    `earning/spends:1:0:${sha256(tx)}:${ordinal}:v1.${attempt}`

  test('earns by its value for its account, of events that it names, up to the cap, and is spendable when final', async () => {
    const world = await openWorld()
    await world.add('a')
    await world.add('b', spends)
    expect(await world.earn()).toMatchObject({ available: 0n, provisional: 40n, earned: 3 })
    expect(await world.earn()).toMatchObject({ provisional: 40n, earned: 0, retracted: 0 })
    const nothing = /the ledger has none of that name/
    await expect(world.explain(idOf('one', 2))).rejects.toThrow(nothing)
    await expect(world.explain(idOf('two', 0))).rejects.toThrow(nothing)
    await world.add('c', [], 1)
    expect(await world.earn()).toMatchObject({ available: 40n, provisional: 0n, confirmed: 3 })
    expect(await world.earn()).toMatchObject({ available: 40n, earned: 0, astray: [] })
  })

  test('takes back what left with its block, and names what came again as it was', async () => {
    const world = await openWorld()
    await world.add('a')
    await world.add('b', spends)
    await world.earn()
    await world.back(1)
    expect(await world.earn()).toMatchObject({ provisional: 0n, retracted: 3 })
    // Another log stands in front, so that the index of each has moved.
    await world.add('c', [{ tx: 'other', amount: 70n }, ...spends])
    expect(await world.earn()).toMatchObject({ provisional: 40n, earned: 4 })
    expect(await world.explain(idOf('one', 1, 1))).toMatchObject({
      verdict: 'same',
      counted: { amountRaw: 5n, account: ann, why: { counted: '50' } },
      earning: { amountRaw: 5n, state: 'open' },
    })
  })
})
