import { afterEach, beforeEach, expect, test, vi } from 'vitest'
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
  /** What a client has that does as it is told. */
  const held = (): Trade[] =>
    updates().reduce<Trade[]>((trades, { retractedTo, swaps }) => {
      const left = trades.filter(({ block }) => !retractedTo || block.number <= retractedTo.number)
      return [...left, ...swaps]
    }, [])
  return { updates, held, leave: stream.leave }
}

/** What the history has, oldest first. */
async function stored(fromBlock: number, pool?: string): Promise<Trade[]> {
  const { data } = await rig.query(
    `query ($fromBlock: Int, $pool: Address) { swaps(last: 200, fromBlock: $fromBlock, pool: $pool) {
      nodes { block { number hash } logIndex pool { address } amount0 amount1 transactionHash } } }`,
    { fromBlock, pool },
  )
  return data.swaps.nodes
    .toReversed()
    .map((node: { pool: { address: string } }) => ({ ...node, pool: node.pool.address }))
}

test('tells every trade as it is committed, and what a reorganisation takes back', async () => {
  const stream = await watch()
  // Its beginning is where the head is when it asks first.
  await new Promise((resolve) => setTimeout(resolve, 10 * POLL_MS))
  const from = rig.chain.blocks.length
  await rig.append(4)
  await vi.waitFor(async () => expect(stream.held()).toEqual(await stored(from)))
  expect(stream.held().length).toBeGreaterThan(0)
  await rig.reorg(2, 4)
  await vi.waitFor(async () => expect(stream.held()).toEqual(await stored(from)))
  const back = stream.updates().find(({ retractedTo }) => retractedTo)?.retractedTo
  expect(back?.number).toBe(from + 1)
  expect(stream.updates().at(-1)?.finalized?.number).toBe(rig.chain.blocks.length - 4)
  await stream.leave()
})

test('goes on where a client left, one pool alone where it asks for one', async () => {
  const first = await watch()
  await new Promise((resolve) => setTimeout(resolve, 10 * POLL_MS))
  await rig.append(1)
  await vi.waitFor(() => expect(first.updates().length).toBeGreaterThan(0))
  await first.leave()
  const after = first.updates().at(-1)?.cursor
  const from = rig.chain.blocks.length
  await rig.append(5)
  const missed = await stored(from)
  const second = await watch({ after })
  await vi.waitFor(() => expect(second.held()).toEqual(missed))
  await second.leave()
  const pool = missed[0]?.pool
  const third = await watch({ after, pool })
  const ofPool = await stored(from, pool)
  await vi.waitFor(() => expect(third.held()).toEqual(ofPool))
  await third.leave()
})

test.each([
  ['what is no cursor', 'nonsense', /after: it is no cursor/],
  [
    'a cursor of another history',
    Buffer.from(`3.${'a'.repeat(64)}.other.all.2.-1`).toString('base64url'),
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
