import { afterEach, beforeEach, expect, test } from 'vitest'
import { eventually } from '../fakes/eventually.ts'
import { openRig, type Rig } from './api-rig.ts'
import { subscribe } from './subscribe.ts'

const POLL_MS = 10
const QUERY = `subscription Trades($pool: Address, $after: String) {
  swapUpdates(pool: $pool, after: $after) {
    retractedTo { number hash }
    swaps { block { number hash } logIndex pool amount0 amount1 transactionHash }
    finalized { number }
    cursor
  }
}`

type Trade = { block: { number: number; hash: string }; logIndex: number; pool: string }
type Update = {
  retractedTo: { number: number; hash: string } | null
  swaps: Trade[]
  finalized: { number: number } | null
  cursor: string
}

let rig: Rig
beforeEach(async () => {
  rig = await openRig({ blocks: 6, maxLogs: 10, pollMs: POLL_MS })
})
afterEach(() => rig[Symbol.asyncDispose]())

/** The trades of a subscription. */
async function watch(variables: object = {}) {
  const stream = await subscribe(rig, QUERY, variables)
  const updates = (): Update[] =>
    stream.events.map(({ data }) => data?.data?.swapUpdates).filter(Boolean)
  /** What a client has that does as it is told, from some block on. */
  const held = (from = 0): Trade[] =>
    updates()
      .reduce<Trade[]>((trades, { retractedTo, swaps }) => {
        const left = trades.filter(
          ({ block }) => !retractedTo || block.number <= retractedTo.number,
        )
        return [...left, ...swaps]
      }, [])
      .filter(({ block }) => block.number >= from)
  return { updates, held, leave: stream.leave }
}

/** A stream begins where the head is when it asks first: blocks are made until it tells of a trade. */
const begun = ({ held }: Awaited<ReturnType<typeof watch>>): Promise<void> =>
  eventually(async () => {
    await rig.append(1)
    expect(held()).not.toHaveLength(0)
  })

/** What the history has, oldest first. */
async function stored(fromBlock: number): Promise<Trade[]> {
  const { data } = await rig.query(
    `query ($fromBlock: Int) { swaps(last: 200, fromBlock: $fromBlock) {
      nodes { block { number hash } logIndex pool { address } amount0 amount1 transactionHash } } }`,
    { fromBlock },
  )
  return data.swaps.nodes
    .toReversed()
    .map((node: { pool: { address: string } }) => ({ ...node, pool: node.pool.address }))
}

test('tells every trade as it is committed, and what a reorganisation takes back', async () => {
  const stream = await watch()
  await begun(stream)
  const from = rig.chain.blocks.length
  await rig.append(4)
  await eventually(async () => expect(stream.held(from)).toEqual(await stored(from)))
  expect(stream.held(from).length).toBeGreaterThan(0)
  await rig.reorg(2, 4)
  await eventually(async () => expect(stream.held(from)).toEqual(await stored(from)))
  const back = stream.updates().find(({ retractedTo }) => retractedTo)?.retractedTo
  expect(back?.number).toBe(from + 1)
  expect(stream.updates().at(-1)?.finalized?.number).toBe(rig.chain.blocks.length - 4)
  await stream.leave()
})

test('goes on where a client left, one pool alone where it asks for one', async () => {
  const first = await watch()
  await begun(first)
  await first.leave()
  const after = first.updates().at(-1)?.cursor
  await rig.append(5)
  const last = first.held().at(-1) as Trade
  const isMissed = ({ block, logIndex }: Trade): boolean =>
    block.number > last.block.number ||
    (block.number === last.block.number && logIndex > last.logIndex)
  const missed = (await stored(last.block.number)).filter(isMissed)
  const second = await watch({ after })
  await eventually(() => expect(second.held()).toEqual(missed))
  await second.leave()
  const pool = missed[0]?.pool
  const third = await watch({ after, pool })
  const ofPool = missed.filter((trade) => trade.pool === pool)
  await eventually(() => expect(third.held()).toEqual(ofPool))
  await third.leave()
})

test.each([
  ['what is no cursor', 'nonsense', /after: not a cursor of an update/],
  [
    'a cursor of another history',
    `31337.${Buffer.from(`3.${'a'.repeat(64)}.other.all.2.-1`).toString('base64url')}`,
    /restored from a backup/,
  ],
])('refuses %s with the remedy', async (_name, after, message) => {
  const { errors } = await rig
    .get('/graphql', {
      method: 'POST',
      headers: { 'content-type': 'application/json', accept: 'text/event-stream' },
      body: JSON.stringify({ query: QUERY, variables: { after } }),
    })
    .then(async (response) => ({ errors: await response.text() }))
  expect(errors).toMatch(message)
})

test('trades of a pool that is not indexed are not waited for: it is said that it is not', async () => {
  const nowhere = `0x${'de'.repeat(20)}`
  const stream = await subscribe(rig, QUERY, { pool: nowhere })
  await eventually(async () => {
    const [error] = stream.events.flatMap(({ data }) => data?.errors ?? [])
    expect(error?.extensions.code).toBe('NOT_INDEXED')
    expect(error?.message).toContain(`${nowhere} is not indexed`)
  })
  await stream.leave()
})
