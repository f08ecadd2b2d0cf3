import { afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createHeaderHash } from '#adapters/ethereumjs/header-hash.ts'
import { keccak } from '#adapters/hash-wasm/keccak.ts'
import { createRpcBlockSource } from '#adapters/rpc/block-source.ts'
import { createRpc, type Rpc, type RpcOptions } from '#adapters/rpc/rpc.ts'
import { isAppError } from '#core/errors.ts'
import type { BlockSource } from '#core/indexing/ports.ts'
import { createFakeChain, type FakeBlock, type FakeChain } from '../fakes/fake-chain.ts'
import {
  type FakeNode,
  type FakeNodeOptions,
  NodeError,
  startFakeNode,
} from '../fakes/fake-node.ts'

const CHAIN_ID = 31_337
const closers: (() => Promise<void>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0).toReversed()) await close()
})

let chain: FakeChain
beforeAll(async () => {
  chain = createFakeChain(81)
  await chain.mine(40)
})

const upTo = (number: number) => (): readonly FakeBlock[] => chain.blocks.slice(0, number + 1)

async function nodeOf(options: Partial<FakeNodeOptions> = {}): Promise<FakeNode> {
  const node = await startFakeNode({ blocks: () => chain.blocks, ...options })
  closers.push(() => node.close())
  return node
}

type Finality = 'finalized' | number
type Connection = { rpc: Rpc; source: BlockSource; warnings: string[] }

function connect(
  nodes: readonly FakeNode[],
  finality: Finality = 'finalized',
  options: Partial<RpcOptions> = {},
): Connection {
  const warnings: string[] = []
  const warn = (message: string): void => void warnings.push(message)
  const urls = nodes.map(({ url }) => url)
  const rpc = createRpc(urls, { chainId: CHAIN_ID, patienceMs: 1_000, warn, ...options })
  closers.push(() => rpc.close())
  const source = createRpcBlockSource(rpc, { finality, headerHash: createHeaderHash(keccak), warn })
  return { rpc, source, warnings }
}

const hang = { http: () => true }
/** Whoever waits until a node's time is over does not come to the end of the test. */
const PATIENT = { timeoutMs: 60_000 }
const blockOf = (number: number) => chain.blocks[number]?.header as FakeBlock['header']
const refOf = (number: number) => ({ number, hash: blockOf(number).hash })

describe('the head of several endpoints', () => {
  test('is the newest, whichever stands still', async () => {
    const [stale, good] = [await nodeOf({ blocks: upTo(5) }), await nodeOf()]
    for (const nodes of [
      [stale, good],
      [good, stale],
    ]) {
      const { latest, finalized } = await connect(nodes).source.head()
      expect([latest.number, latest.hash]).toEqual([39, blockOf(39).hash])
      // One that is minutes behind has no say in it.
      expect(finalized.number).toBe(36)
    }
  })

  test('is not one that follows nothing of its own endpoint', async () => {
    const liar = await nodeOf({
      hooks: {
        call(method, params, answer) {
          if (method !== 'eth_getBlockByNumber' || params[0] !== 'latest') return answer()
          return { ...(answer() as object), number: '0x3b9aca00', hash: `0x${'ee'.repeat(32)}` }
        },
      },
    })
    const { source } = connect([liar, await nodeOf()])
    expect((await source.head()).latest.number).toBe(39)
  })

  test('waits for nobody that hangs', async () => {
    const [hanging, good] = [await nodeOf({ hooks: hang }), await nodeOf()]
    const { source } = connect([hanging, good], 'finalized', PATIENT)
    expect((await source.head()).latest.number).toBe(39)
  })
})

describe('the header of the newest block', () => {
  const TOP = { from: 39, to: 39 }
  const isByNumber = (method: string, params: readonly unknown[]): boolean =>
    method === 'eth_getBlockByNumber' && params[0] === '0x27'

  /** A node, and how often it was asked for block 39 by its number; what it says as its newest block is changed. */
  async function counted(change: (block: object) => unknown = (block) => block) {
    let asked = 0
    const node = await nodeOf({
      hooks: {
        call(method, params, answer) {
          if (isByNumber(method, params)) asked++
          const told = answer()
          return params[0] === 'latest' ? change(told as object) : told
        },
      },
    })
    return { node, asked: () => asked }
  }

  test('is known with the head, and asked for by whoever asks a second time', async () => {
    const { node, asked } = await counted()
    const { source } = connect([node])
    await source.head()
    const first = await source.headers(TOP)
    expect(asked()).toBe(0)
    const second = await source.headers(TOP)
    expect(asked()).toBe(1)
    expect(first).toEqual(second)
    expect(first.value).toMatchObject([{ hash: blockOf(39).hash, hashProven: true }])
    await source.head()
    await source.headers(TOP)
    expect(asked()).toBe(1)
  })

  test('is asked for among others, and where another block is asked for', async () => {
    const { node, asked } = await counted()
    const { source } = connect([node])
    await source.head()
    expect((await source.headers({ from: 38, to: 38 })).value[0]?.hash).toBe(blockOf(38).hash)
    expect((await source.headers({ from: 38, to: 39 })).value).toHaveLength(2)
    expect(asked()).toBe(1)
  })

  test('is of whoever told of it, and not believed of one that is not trusted any more', async () => {
    const [behind, newest] = [await nodeOf({ blocks: upTo(38) }), await counted()]
    const { source } = connect([behind, newest.node])
    await source.head()
    const { provider } = await source.headers(TOP)
    expect([provider, newest.asked()]).toEqual([newest.node.url, 0])
    await source.head()
    source.distrust(newest.node.url, 'it lied')
    await source.headers(TOP)
    expect(newest.asked()).toBe(1)
  })

  test('is of the endpoint that is named first where several have one of that height, however slow it is', async () => {
    const branch = createFakeChain(81)
    await branch.mine(40)
    await branch.fork(1, 1)
    const first = await nodeOf({
      hooks: {
        call: async (_method, _params, answer) => {
          await new Promise((resolve) => setTimeout(resolve, 30))
          return answer()
        },
      },
    })
    const quick = await nodeOf({ blocks: () => branch.blocks })
    const { source } = connect([first, quick])
    expect((await source.head()).latest.hash).toBe(blockOf(39).hash)
    expect((await source.headers(TOP)).provider).toBe(first.url)
  })

  test('is asked for anew where what was told is no whole header', async () => {
    const { node, asked } = await counted(({ ...block }) => ({ ...block, logsBloom: '0x00' }))
    const { source } = connect([node])
    await source.head()
    expect((await source.headers(TOP)).value[0]?.hashProven).toBe(true)
    expect(asked()).toBe(1)
  })
})

describe('what is so many blocks below the head', () => {
  test('is asked for beside the next head, and once for the same one', async () => {
    let top = 20
    const node = await nodeOf({ blocks: () => chain.blocks.slice(0, top + 1) })
    const { source } = connect([node], 6)
    const requestsOf = async (number: number): Promise<number> => {
      top = number
      const before = node.requests()
      const { latest, finalized } = await source.head()
      expect([latest.number, finalized]).toEqual([number, refOf(number - 6)])
      return node.requests() - before
    }
    await requestsOf(20)
    expect(await requestsOf(21)).toBe(1)
    expect(await requestsOf(21)).toBe(1)
    expect(await requestsOf(22)).toBe(1)
    // Several more, and what a reorganisation has left: those are asked for.
    await requestsOf(25)
    await requestsOf(24)
    expect(await requestsOf(25)).toBe(1)
  })

  test('is of the branch of the newest block', async () => {
    const other = createFakeChain(81)
    await other.mine(40)
    await other.fork(10, 12)
    let blocks = chain.blocks.slice(0, 40)
    const node = await nodeOf({ blocks: () => blocks })
    const { source } = connect([node], 6)
    await source.head()
    blocks = other.blocks.slice(0, 41)
    const { latest, finalized } = await source.head()
    const at = (number: number) => other.blocks[number]?.header
    expect([latest.hash, finalized.hash]).toEqual([at(40)?.hash, at(34)?.hash])
    expect(finalized.hash).not.toBe(blockOf(34).hash)
  })

  test('is asked for by itself where it is not told beside the head', async () => {
    let top = 20
    let asked = 0
    const node = await nodeOf({
      blocks: () => chain.blocks.slice(0, top + 1),
      hooks: {
        call(_method, params, answer) {
          if (params[0] === '0xf' && asked++ === 0) throw new NodeError(-32_000, 'unknown block')
          return answer()
        },
      },
    })
    const { source } = connect([node], 6, { rounds: 1 })
    await source.head()
    top = 21
    expect((await source.head()).finalized).toEqual(refOf(15))
    expect(asked).toBe(2)
  })
})

test('logs of a block that an endpoint does not have yet are asked of another, until it has caught up', async () => {
  let height = 38
  const behind = await nodeOf({ blocks: () => upTo(height)() })
  const newest = await nodeOf()
  const { source } = connect([behind, newest])
  await source.head()
  const range = { from: 39, to: 39 }
  const { logs } = chain.blocks[39] as FakeBlock
  const topics = [...new Set(logs.map((log) => log.topics[0] as `0x${string}`))]
  const { provider, value } = await source.logs(range, { topics })
  expect([provider, value.length]).toEqual([newest.url, logs.length])
  expect(logs.length).toBeGreaterThan(0)
  height = 39
  expect((await source.logs(range, { topics })).provider).toBe(behind.url)
  expect(newest.calls['eth_getLogs']).toBe(1)
})

describe('what is final', () => {
  const final = (number: () => number) => ({
    call(method: string, params: readonly never[], answer: () => unknown) {
      if (method !== 'eth_getBlockByNumber' || params[0] !== 'finalized') return answer()
      return { ...blockOf(number()), number: `0x${number().toString(16)}` }
    },
  })

  test('is what two endpoints say', async () => {
    const liar = await nodeOf({ hooks: final(() => 39) })
    const others = [await nodeOf(), await nodeOf()]
    for (const nodes of [
      [liar, ...others],
      [...others, liar],
    ])
      expect((await connect(nodes).source.head()).finalized.number).toBe(36)
  })

  test('is no single wrong answer of the only endpoint, at whichever time', async () => {
    for (let wrong = 0; wrong < 6; wrong++) {
      let asked = 0
      const node = await nodeOf({ hooks: final(() => (asked++ === wrong ? 39 : 30)) })
      const { source } = connect([node])
      const heads = []
      for (let times = 0; times < 5; times++) heads.push((await source.head()).finalized.number)
      expect(Math.max(...heads), `wrong at ${wrong}`).toBe(30)
    }
  })

  test.each([
    ['null', () => null],
    ['-39001 Unknown block', () => new NodeError(-39_001, 'Unknown block')],
    ['-32602 invalid argument', () => new NodeError(-32_602, 'invalid argument 0')],
  ])(
    'is nothing where the tag is answered by %s, and a warning names the setting',
    async (_name, make: () => unknown) => {
      const node = await nodeOf({
        hooks: {
          call(method, params, answer) {
            if (method !== 'eth_getBlockByNumber' || params[0] !== 'finalized') return answer()
            const told = make()
            if (told instanceof Error) throw told
            return told
          },
        },
      })
      const { source, warnings } = connect([node])
      for (let times = 0; times < 3; times++)
        expect((await source.head()).finalized.number).toBe(-1)
      expect(warnings).toEqual([expect.stringMatching(/^chain\.finality: .*number of blocks/)])
    },
  )
})

describe('an endpoint that hangs', () => {
  test('is overtaken, and then asked last', async () => {
    const [hanging, good] = [await nodeOf(), await nodeOf()]
    const { source } = connect([hanging, good], 'finalized', PATIENT)
    await source.head()
    hanging.hooks = hang
    await source.headers({ from: 1, to: 30 })
    await source.receipts(blockOf(3))
    await source.logs({ from: 1, to: 9 }, { topics: [] })
    await source.head()
  })

  test('alone is given up when its time is over, and at once when the process ends', async () => {
    const node = await nodeOf()
    const stop = new AbortController()
    const { source } = connect([node], 'finalized', { ...PATIENT, stop: stop.signal })
    await source.head()
    node.hooks = hang
    setTimeout(() => stop.abort(), 200)
    await expect(source.headers({ from: 1, to: 1 })).rejects.toThrow(/stopped/)
    await expect(source.head()).rejects.toThrow(/stopped/)
  })
})

describe('an endpoint of another chain', () => {
  test('is left out with a warning, at the start, and the others serve', async () => {
    const [other, good] = [await nodeOf({ chainId: 1 }), await nodeOf()]
    const { source, warnings, rpc } = connect([other, good])
    expect(await source.chainId()).toBe(CHAIN_ID)
    expect(warnings).toEqual([expect.stringMatching(/serves chain 1, not 31337.*not used/)])
    await source.headers({ from: 1, to: 9 })
    await source.head()
    expect(other.calls).toEqual({ eth_chainId: 1 })
    expect(rpc.status().map(({ state }) => state)).toEqual(['wrong-chain', 'ok'])
  })

  test('is noticed when the connection was lost meanwhile', async () => {
    const [first, good] = [await nodeOf(), await nodeOf()]
    const { source, warnings } = connect([first, good])
    await source.headers({ from: 1, to: 1 })
    first.hooks = {
      http(_body, response) {
        response.destroy()
        return true
      },
    }
    await source.headers({ from: 1, to: 1 })
    first.hooks = {
      call: (method, _params, answer) => (method === 'eth_chainId' ? '0x5' : answer()),
    }
    expect((await source.headers({ from: 1, to: 1 })).provider).toBe(good.url)
    expect(warnings).toHaveLength(1)
  })

  test('alone is an error of the configuration', async () => {
    const { source } = connect([await nodeOf({ chainId: 1 })])
    expect(await source.chainId()).toBe(1)
    const failure = await source.headers({ from: 1, to: 1 }).catch((error: unknown) => error)
    expect(isAppError(failure, 'invalid')).toBe(true)
  })
})

test('what one endpoint finds too large or refuses for good is asked of the next', async () => {
  const small = await nodeOf({
    hooks: {
      call(method, _params, answer) {
        if (method === 'eth_getLogs') throw new NodeError(-32_000, 'response size exceeded')
        return answer()
      },
    },
  })
  const { source } = connect([small, await nodeOf()])
  const topics = [blockOf(1).hash, ...chain.blocks.flatMap(({ logs }) => logs[0]?.topics[0] ?? [])]
  const { value } = await source.logs({ from: 0, to: 39 }, { topics })
  expect(value.length).toBeGreaterThan(20)
})

test('an error says what the node said last, and advises by it', async () => {
  const cases: [FakeNodeOptions['hooks'], RegExp][] = [
    [
      { http: (_body, response) => Boolean(response.destroy()) },
      /SOCKET.*check that the node runs/,
    ],
    [
      {
        http(_body, response) {
          response.writeHead(401).end('no')
          return true
        },
      },
      /HTTP 401.*check the key/,
    ],
    [
      {
        call() {
          throw new NodeError(-32_000, 'the moon is full')
        },
      },
      /the moon is full/,
    ],
  ]
  for (const [hooks, words] of cases) {
    const { source } = connect([await nodeOf({ ...(hooks && { hooks }) })])
    for (let times = 0; times < 8; times++)
      await expect(source.headers({ from: 1, to: 1 })).rejects.toThrow(words)
  }
}, 60_000)
