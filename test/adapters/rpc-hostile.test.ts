import { once } from 'node:events'
import { createServer, type IncomingHttpHeaders } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, describe, expect, test } from 'vitest'
import { createHeaderHash } from '#adapters/ethereumjs/header-hash.ts'
import { keccak } from '#adapters/hash-wasm/keccak.ts'
import { createRpcBlockSource } from '#adapters/rpc/block-source.ts'
import { createRpc } from '#adapters/rpc/rpc.ts'
import { messageOf } from '#core/errors.ts'
import type { BlockSource } from '#core/indexing/ports.ts'

type Call = { readonly id: number; readonly method: string; readonly params: readonly unknown[] }
type Answer = { readonly result?: unknown; readonly error?: unknown }

const CHAIN_ID = 31_337
const HASH = `0x${'ab'.repeat(32)}`
const closers: (() => Promise<unknown>)[] = []
afterEach(async () => {
  for (const close of closers.splice(0)) await close()
})

/** A node that answers as told, and a source over it. */
async function connectTo(
  answer: (call: Call) => Answer,
  options: {
    readonly path?: string
    readonly login?: string
    readonly batchMax?: number
    readonly headers?: (headers: IncomingHttpHeaders) => void
  } = {},
): Promise<BlockSource> {
  const answerTo = (call: Call): object => ({
    jsonrpc: '2.0',
    id: call.id,
    ...(call.method === 'eth_chainId' ? { result: `0x${CHAIN_ID.toString(16)}` } : answer(call)),
  })
  const server = createServer((request, response) => {
    options.headers?.(request.headers)
    let body = ''
    request.on('data', (part) => (body += String(part)))
    request.on('end', () => {
      const asked = JSON.parse(body) as Call | Call[]
      const isTooMany = Array.isArray(asked) && asked.length > (options.batchMax ?? 1_000)
      const answers = isTooMany
        ? { jsonrpc: '2.0', id: null, error: { code: -32_600, message: 'batch too large' } }
        : Array.isArray(asked)
          ? asked.map(answerTo)
          : answerTo(asked)
      response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(answers))
    })
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const url = `http://${options.login ?? ''}127.0.0.1:${port}${options.path ?? ''}`
  const rpc = createRpc([url], { chainId: CHAIN_ID, rounds: 1 })
  closers.push(async () => {
    await rpc.close()
    server.closeAllConnections()
    server.close()
  })
  return createRpcBlockSource(rpc, { finality: 0, headerHash: createHeaderHash(keccak) })
}

const failureOf = async (question: Promise<unknown>): Promise<string> =>
  question.then(
    () => 'answered',
    (error: unknown) => messageOf(error),
  )

const headerOf = (number: number): Record<string, string> => ({
  parentHash: HASH,
  sha3Uncles: HASH,
  miner: `0x${'0'.repeat(40)}`,
  stateRoot: HASH,
  transactionsRoot: HASH,
  receiptsRoot: HASH,
  logsBloom: `0x${'0'.repeat(512)}`,
  difficulty: '0x0',
  number: `0x${number.toString(16)}`,
  gasLimit: '0x1',
  gasUsed: '0x0',
  timestamp: '0x65000000',
  extraData: '0x',
  mixHash: HASH,
  nonce: '0x0000000000000000',
})
const hashHeader = createHeaderHash(keccak)
const sealed = (header: Record<string, string>) => ({ ...header, hash: hashHeader(header) })

const log = {
  address: `0x${'12'.repeat(20)}`,
  topics: [HASH],
  data: '0x',
  blockNumber: '0x1',
  blockHash: HASH,
  transactionHash: HASH,
  transactionIndex: '0x0',
  logIndex: '0x0',
}
const ask = (source: BlockSource) =>
  source.logs({ from: 1, to: 1 }, { topics: [HASH as `0x${string}`] })

describe('what a node tells', () => {
  test('of a log is hex, or is not taken: it would be stored as it is', async () => {
    expect((await ask(await connectTo(() => ({ result: [log] })))).value).toHaveLength(1)
    const text = `"],"${'x'.repeat(60)}`
    for (const change of [
      { transactionHash: `0x${text}` },
      { topics: [HASH, `0x${'0'.repeat(24)}${text.slice(0, 40)}`] },
      { topics: [HASH, `0x${'ab'.repeat(31)}\n `] },
      { data: text },
      { address: `0x${text.slice(0, 40)}` },
      { logIndex: '0x1 ' },
      { transactionIndex: undefined },
    ]) {
      const source = await connectTo(() => ({ result: [{ ...log, ...change }] }))
      expect(await failureOf(ask(source)), JSON.stringify(change)).toMatch(
        /is not (hex|a hash|a number|an address)/,
      )
    }
  })

  test('of a receipt’s log is hex too: its root is made of it', async () => {
    const receipt = {
      transactionHash: HASH,
      transactionIndex: '0x0',
      type: '0x2',
      status: '0x1',
      cumulativeGasUsed: '0x5208',
      logsBloom: `0x${'0'.repeat(512)}`,
    }
    const block = { number: 1, hash: HASH as `0x${string}` }
    const read = async (data: string, more: object = {}): Promise<string> => {
      const result = [{ ...receipt, ...more, logs: [{ ...log, data }] }]
      return failureOf((await connectTo(() => ({ result }))).receipts(block))
    }
    expect(await read('0xABcd')).toBe('answered')
    expect(await read('0xabcd"')).toMatch(/a log: data: .* is not hex/)
    expect(await read('0xabc')).toMatch(/a log: data: "0xabc" ends within a byte/)
    expect(await read('0x', { logsBloom: '0x0' })).toMatch(
      /a receipt: logsBloom: "0x0" ends within a byte/,
    )
    expect(await read('0x', { type: '0x7b', baseFee: '0x' })).toMatch(
      /baseFee: "0x" is not a number/,
    )
  })

  test('of a header is what its hash commits to, to the digit', async () => {
    const range = { from: 5, to: 5 }
    const good = sealed(headerOf(5))
    const { value } = await (await connectTo(() => ({ result: good }))).headers(range)
    expect(value[0]).toMatchObject({ hashProven: true, timestamp: 0x65000000 })
    for (const change of [
      // A space behind the digits: bytes that end there, and a number sixteen times as large.
      { timestamp: '0x650000000 ' },
      { logsBloom: `0x${'z'.repeat(512)}` },
      { number: '0x5\n' },
    ]) {
      const source = await connectTo(() => ({ result: { ...good, ...change } }))
      expect(await failureOf(source.headers(range)), JSON.stringify(change)).toMatch(/is not/)
    }
    const fraction = await connectTo(() => ({ result: { ...good, gasLimit: 1.5 } }))
    expect((await fraction.headers(range)).value[0]).toMatchObject({ hashProven: false })
  })

  test('in an error is cut, on one line, and never has the key of its URL', async () => {
    const key = 'averyverysecretkey0123456789'
    const message = `bad key ${key}\u001B[2J\n${'limit'.repeat(1_000_000)}`
    const source = await connectTo(() => ({ error: { code: -32_000, message } }), {
      path: `/v2/${key}?token=another+secret`,
    })
    const startedAt = performance.now()
    const failure = await failureOf(ask(source))
    expect(performance.now() - startedAt).toBeLessThan(2_000)
    expect(failure.length).toBeLessThan(1_000)
    expect(failure).toMatch(/bad key/)
    expect(failure).not.toContain(key)
    // oxlint-disable-next-line no-control-regex -- none of them may be there
    expect(failure).not.toMatch(/[\u0000-\u001F]/)
  })
})

test('an error of any shape is a failure of the node and no bug', async () => {
  for (const error of [1, 'no', [], {}, { message: { toString: 1 }, code: { valueOf: 1 } }]) {
    const source = await connectTo(() => ({ error }))
    expect(await failureOf(ask(source)), JSON.stringify(error)).toMatch(/^chain\.rpc: /)
  }
})

test('a user and password in a URL are sent as such', async () => {
  const seen: (string | undefined)[] = []
  const source = await connectTo(() => ({ result: [] }), {
    login: 'me:p%40ss@',
    headers: ({ authorization }) => void seen.push(authorization),
  })
  await ask(source)
  expect(new Set(seen)).toEqual(new Set([`Basic ${Buffer.from('me:p@ss').toString('base64')}`]))
})

test('a node that takes small batches only is asked in small batches', async () => {
  const source = await connectTo(
    ({ params }) => ({ result: sealed(headerOf(Number(params[0]))) }),
    { batchMax: 7 },
  )
  const { value } = await source.headers({ from: 1, to: 150 })
  expect(value.map(({ number }) => number)).toEqual(
    Array.from({ length: 150 }, (_, index) => index + 1),
  )
})

test('who closes it does not leave behind what is asked again and again', async () => {
  const server = createServer((_request, response) => void response.writeHead(503).end())
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo
  const rpc = createRpc([`http://127.0.0.1:${port}`], { chainId: CHAIN_ID, patienceMs: 3_600_000 })
  const call = rpc.call([{ method: 'eth_blockNumber', params: [] }], () => undefined)
  const outcome = call.catch(messageOf)
  await once(server, 'request')
  await rpc.close()
  expect(await outcome).toMatch(/stopped/)
  server.close()
})
