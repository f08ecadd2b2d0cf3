import type { ServerResponse } from 'node:http'
import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createHeaderHash } from '#adapters/ethereumjs/header-hash.ts'
import { keccak } from '#adapters/hash-wasm/keccak.ts'
import { createMemoryTables } from '#adapters/memory/chain-store.ts'
import { createRpcBlockSource } from '#adapters/rpc/block-source.ts'
import { createRpc, type EndpointSetting, type Rpc, type RpcOptions } from '#adapters/rpc/rpc.ts'
import { createViews } from '#core/history/view.ts'
import { backfill } from '#core/indexing/backfill.ts'
import type { ProofMode } from '#core/indexing/proof-policy.ts'
import type { BlockSource } from '#core/indexing/ports.ts'
import { modelOf, readEverything } from '../contracts/everything.ts'
import {
  createFakeChain,
  type FakeBlock,
  type FakeChain,
  fakeSources,
} from '../fakes/fake-chain.ts'
import {
  type FakeNode,
  type FakeNodeHooks,
  type LogParams,
  NodeError,
  startFakeNode,
} from '../fakes/fake-node.ts'
import { fakeIndexPorts } from '../fakes/index-app.ts'
import { createRandom } from '../fakes/random.ts'
import { plainLog } from '../fakes/plain-logs.ts'

const CHAIN_ID = 31_337
const BLOCKS = 32
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

let chain: FakeChain
beforeAll(async () => {
  chain = createFakeChain(71, { maxLogs: 5 })
  await chain.mine(BLOCKS)
})

async function nodeWith(
  hooks: FakeNodeHooks = {},
  blocks: () => readonly FakeBlock[] = () => chain.blocks,
): Promise<FakeNode> {
  const node = await startFakeNode({ blocks, hooks })
  closers.push(() => node.close())
  return node
}

type Connection = { readonly rpc: Rpc; readonly source: BlockSource; readonly warnings: string[] }

function connect(
  endpoints: readonly (string | EndpointSetting)[],
  options: Partial<RpcOptions> & { readonly finality?: 'finalized' | number } = {},
): Connection {
  const warnings: string[] = []
  const warn = (message: string): void => void warnings.push(message)
  const rpc = createRpc(endpoints, { chainId: CHAIN_ID, patienceMs: 10_000, warn, ...options })
  closers.push(() => rpc.close())
  const { finality = 'finalized' } = options
  const source = createRpcBlockSource(rpc, { finality, headerHash: createHeaderHash(keccak), warn })
  return { rpc, source, warnings }
}

/** The same by way of eth_getLogs, which is not asked for logs where receipts are read. */
const indexByLogs = (source: BlockSource): Promise<void> =>
  indexThrough(source, chain.blocks, 'bloom')

/** Indexes the whole chain through these endpoints, and holds what is stored against what the chain is. */
async function indexThrough(
  source: BlockSource,
  blocks = chain.blocks,
  proof: ProofMode = 'auto',
): Promise<void> {
  const ports = fakeIndexPorts(createMemoryTables(), source)
  const input = { chainId: CHAIN_ID, sources: fakeSources, proof }
  const steps = backfill(ports, input, { aborted: false })
  while (!(await steps.next()).done);
  const view = await createViews(ports.heads, CHAIN_ID).current()
  if (!view) throw new Error('nothing is there')
  expect(await readEverything(ports, view)).toEqual(modelOf(blocks))
}

const send = (response: ServerResponse, status: number, body: string | object): true => {
  response.writeHead(status, { 'content-type': 'application/json' })
  response.end(typeof body === 'string' ? body : JSON.stringify(body))
  return true
}
const refusal = (code: number, message: string) => ({
  jsonrpc: '2.0',
  id: null,
  error: { code, message },
})

const widthOf = (params: readonly unknown[]): number => {
  const { fromBlock, toBlock } = params[0] as LogParams
  return Number(toBlock) - Number(fromBlock) + 1
}

describe('a range that is refused is asked for in smaller ones', () => {
  test.each([
    [-32_600, 'up to a 10 block range; based on your parameters, [0x1, 0xa] should work'],
    [-32_000, 'block range is larger than max block range'],
    [35, 'ranges over 10 blocks are not supported on this tier'],
    [-32_602, 'Query timeout exceeded. Consider reducing your block range.'],
    [-32_001, 'Unable to complete request at this time.'],
    [-32_603, 'Internal error'],
    [-32_005, 'query returned more than 10000 results'],
    [1, 'no'],
  ])('told as %i "%s"', async (code, message) => {
    const node = await nodeWith({
      call(method, params, answer) {
        if (method === 'eth_getLogs' && widthOf(params) > 5) throw new NodeError(code, message)
        return answer()
      },
    })
    const { source, rpc } = connect([node.url])
    await indexByLogs(source)
    expect(rpc.status()[0]?.learned.logBlocks.addresses.max()).toBeLessThanOrEqual(10)
  })

  test.each([504, 413, 500])('told as HTTP %i', async (status) => {
    const node = await nodeWith({
      http: (body, response) =>
        !Array.isArray(body) && body.method === 'eth_getLogs' && widthOf(body.params) > 5
          ? send(response, status, 'upstream has had enough')
          : false,
    })
    await indexByLogs(connect([node.url]).source)
  })
})

describe('a passing error ends nothing', () => {
  const methods = [
    'eth_getLogs',
    'eth_getBlockByNumber',
    'eth_getBlockReceipts',
    'eth_chainId',
  ] as const
  test.each(methods)('of %s, whatever the words', async (method) => {
    for (const [code, message] of [
      [30, 'Request timeout on the free tier, please upgrade'],
      [-32_000, 'header not found'],
      [-32_603, 'Internal server error. Forwarder error: 1000.'],
      [-32_005, 'daily request count exceeded, request rate limited'],
      [429, 'daily quota exceeded'],
    ] as const) {
      let calls = 0
      const node = await nodeWith({
        call(asked, _params, answer) {
          if (asked === method && ++calls === (method === 'eth_chainId' ? 1 : 5))
            throw new NodeError(code, message)
          return answer()
        },
      })
      await indexThrough(connect([node.url]).source)
    }
  })

  test.each(['eth_getBlockByNumber', 'eth_getBlockReceipts'])(
    'nor null for a block that a node has announced, by %s',
    async (method) => {
      let calls = 0
      const node = await nodeWith({
        call: (asked, _params, answer) =>
          asked === method && ++calls > 4 && calls < 8 ? null : answer(),
      })
      await indexThrough(connect([node.url]).source)
    },
  )

  test('nor does an outage of half a second, nor answers that are cut off or no JSON', async () => {
    for (const fail of [
      (response: ServerResponse) => void response.destroy(),
      (response: ServerResponse) => void send(response, 502, '<html>Bad Gateway</html>'),
      (response: ServerResponse) => void send(response, 200, '{"jsonrpc":"2.0","id'),
      (response: ServerResponse) => void send(response, 200, '<html>Please wait</html>'),
    ]) {
      let requests = 0
      let from = Number.POSITIVE_INFINITY
      const node = await nodeWith({
        http(_body, response) {
          if (++requests === 6) from = performance.now()
          const isAway = performance.now() >= from && performance.now() < from + 500
          if (isAway) fail(response)
          return isAway
        },
      })
      await indexThrough(connect([node.url]).source)
    }
  })
})

describe('a node without batches is asked one by one', () => {
  const refuse: Record<string, (response: ServerResponse) => true> = {
    'one error for the array': (response) =>
      send(response, 200, refusal(-32_600, 'Batch requests are not supported')),
    'a 400 with an error': (response) => send(response, 400, refusal(-32_600, 'Invalid Request')),
    'a 405': (response) => send(response, 405, 'Not Allowed'),
    'a 500 with an error': (response) => send(response, 500, refusal(-32_005, 'no batches here')),
    'no JSON': (response) => send(response, 200, 'OK'),
  }
  test.each(Object.keys(refuse))('that answers them by %s', async (name) => {
    let batches = 0
    const node = await nodeWith({
      http(body, response) {
        if (!Array.isArray(body)) return false
        batches++
        return (refuse[name] as (response: ServerResponse) => true)(response)
      },
    })
    const { source, rpc } = connect([node.url])
    await indexThrough(source)
    expect(rpc.status()[0]?.learned.batchCalls.max()).toBeLessThanOrEqual(2)
    // Learned, and tried again now and then only.
    expect(batches).toBeLessThan(node.requests() / 4)
  })

  test('that refuses every call of one by itself', async () => {
    let isBatch = false
    const node = await nodeWith({
      http(body) {
        isBatch = Array.isArray(body)
        return false
      },
      call(_method, _params, answer) {
        if (isBatch) throw new NodeError(-32_600, 'not in a batch')
        return answer()
      },
    })
    await indexThrough(connect([node.url]).source)
  })
})

test.each([
  [-32_601, 'Method eth_getBlockReceipts not found'],
  [-32_000, 'rpc method is not whitelisted'],
  [-32_004, 'method not supported on this plan'],
  [1, 'no'],
])('without eth_getBlockReceipts (%i %s) receipts come by transaction', async (code, message) => {
  const node = await nodeWith({
    call(method, _params, answer) {
      if (method === 'eth_getBlockReceipts') throw new NodeError(code, message)
      return answer()
    },
  })
  const { source, rpc } = connect([node.url])
  await indexThrough(source)
  expect(rpc.status()[0]?.learned.blockReceipts).toBe(false)
  // Those under way at the same time, and no more once it is known.
  expect(node.calls.eth_getBlockReceipts).toBeLessThan(16)
})

describe('the form of an answer is not its content', () => {
  type Told = Record<string, unknown>
  const twists: Record<string, (logs: Told[]) => unknown> = {
    'newest first': (logs) => logs.toReversed(),
    'by transaction hash': (logs) =>
      logs.toSorted((a, b) => (String(a.transactionHash) < String(b.transactionHash) ? -1 : 1)),
    'every log twice': (logs) => logs.flatMap((log) => [log, log]),
    'all twice over': (logs) => [...logs, ...logs],
    'with logs that a reorg removed': (logs) =>
      logs.flatMap((log) => [
        { ...log, removed: true, blockHash: `0x${'ab'.repeat(32)}` },
        { ...log, removed: true, data: null },
        log,
      ]),
    'null for none': (logs) => (logs.length === 0 ? null : logs),
  }
  test.each(Object.keys(twists))('logs %s', async (name) => {
    const node = await nodeWith({
      call: (method, _params, answer) =>
        method === 'eth_getLogs'
          ? (twists[name] as (logs: Told[]) => unknown)(answer() as Told[])
          : answer(),
    })
    await indexByLogs(connect([node.url]).source)
  })

  test('two logs of one place that differ are not one', async () => {
    const node = await nodeWith({
      call: (method, _params, answer) =>
        method === 'eth_getLogs'
          ? (answer() as Told[]).flatMap((log) => [log, { ...log, data: '0x01' }])
          : answer(),
    })
    const { source } = connect([node.url], { patienceMs: 100 })
    await expect(indexByLogs(source)).rejects.toThrow(/cannot be proven/)
  })
})

describe('a filter that is refused is split', () => {
  const all = { from: 0, to: BLOCKS - 1 }
  const logs = () => chain.blocks.flatMap((block) => block.logs)
  const limited = (addressesMax: number, topicsMax: number, message: string): FakeNodeHooks => ({
    call(method, params, answer) {
      const { address, topics } = (params[0] ?? {}) as unknown as LogParams
      const isWide = (address?.length ?? 0) > addressesMax || (topics?.[0]?.length ?? 0) > topicsMax
      if (method === 'eth_getLogs' && isWide) throw new NodeError(-32_602, message)
      return answer()
    },
  })

  test.each(['exceed max addresses or topics per search position', 'invalid params'])(
    'told as "%s"',
    async (message) => {
      const topics = [...new Set(logs().map((log) => log.topics[0] as `0x${string}`))]
      const addresses = [...new Set(logs().map((log) => log.address))]
      expect([topics.length, addresses.length].every((count) => count > 4)).toBe(true)
      for (const limits of [
        [2, 100],
        [1_000, 2],
        [3, 3],
        [1, 1],
      ] as const) {
        const node = await nodeWith(limited(limits[0], limits[1], message))
        const { source } = connect([node.url])
        for (const filter of [{ topics }, { topics, addresses }]) {
          const { value } = await source.logs(all, filter)
          expect(value.map(plainLog)).toMatchObject(logs())
          expect(value).toHaveLength(logs().length)
        }
        const asked = node.requests()
        await source.logs({ from: 5, to: 5 }, { topics, addresses })
        // What it takes is known: nothing is asked in vain.
        expect(node.requests() - asked).toBeLessThanOrEqual(
          Math.ceil(topics.length / limits[1]) * 8,
        )
      }
    },
  )
})

describe('a node that wants it slower', () => {
  /** Each refusal costs a pause. */
  const few = () => chain.blocks.slice(0, 12)

  test('with 30 % of its answers is asked to the end', async () => {
    const random = createRandom(5)
    let refused = 0
    const node = await nodeWith(
      {
        http: (_body, response) => random.chance(0.3) && ++refused > 0 && send(response, 429, ''),
      },
      few,
    )
    await indexThrough(connect([node.url]).source, few())
    expect(refused).toBeGreaterThan(5)
  }, 60_000)

  test('with 30 % of the calls in batches too', async () => {
    const random = createRandom(6)
    const node = await nodeWith(
      {
        call(_method, _params, answer) {
          if (random.chance(0.3)) throw new NodeError(429, 'compute units per second exceeded')
          return answer()
        },
      },
      few,
    )
    await indexThrough(connect([node.url]).source, few())
  }, 60_000)

  test('and says until when is not asked before', async () => {
    let until = 0
    let early = 0
    let requests = 0
    const node = await nodeWith({
      http(_body, response) {
        if (performance.now() < until) early++
        if (++requests !== 8) return false
        until = performance.now() + 990
        response.setHeader('retry-after', '1')
        return send(response, 429, '')
      },
    })
    // Less patience than the pause: what is told is obeyed to its end nevertheless.
    await indexByLogs(connect([node.url], { patienceMs: 300 }).source)
    expect(early).toBeLessThanOrEqual(3)
    expect(performance.now()).toBeGreaterThan(until)
  })

  test('as its operator does, is asked no more often than that', async () => {
    const node = await nodeWith()
    const { source } = connect([{ url: node.url, perSecondMax: 20, atOnceMax: 1 }])
    await source.head()
    const startedAt = performance.now()
    const before = node.requests()
    await Promise.all(
      Array.from({ length: 20 }, (_, number) => source.headers({ from: number, to: number })),
    )
    const seconds = (performance.now() - startedAt) / 1_000
    expect((node.requests() - before) / seconds).toBeLessThan(24)
  })
})
