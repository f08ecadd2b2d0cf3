import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterEach, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import type { Hash, Hex } from '#core/chain.ts'
import { createHeaderHash } from '#adapters/ethereumjs/header-hash.ts'
import { createReceiptsRoot } from '#adapters/ethereumjs/receipts-root.ts'
import { keccak, keccakBytes } from '#adapters/hash-wasm/keccak.ts'
import type { Fault } from './recorded-chain/faults.ts'
import { parseFault } from './recorded-chain/fault-text.ts'
import {
  loadRecording,
  type RecordedBlock,
  type Recording,
  type RpcBlock,
  type RpcLog,
  type RpcReceipt,
  toHex,
} from './recorded-chain/recording.ts'
import {
  type RecordedChain,
  type RecordedChainOptions,
  startRecordedChain,
} from './recorded-chain/server.ts'

const receiptsRoot = createReceiptsRoot(keccakBytes)

const DATA = new URL('../vectors/mainnet-blocks.json.br', import.meta.url)
const FIRST = 10_760_440
const HEAD = 19_934_116
const PAIR = [12_243_999, 12_244_000] as const
const TRANSFER: Hash = '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef'
const SYNC: Hash = '0x1c411e9a96e071241c2f21f7726b17ae89e3cab4c78be50e062b03a9fffbbad1'
const WETH: Hex = '0xc02aaa39b223fe8d0a0e5c4f27ead9083c756cc2'

let recording: Recording
let chain: RecordedChain | undefined

beforeAll(async () => {
  recording = await loadRecording(DATA)
})

afterEach(async () => {
  await chain?.close()
  chain = undefined
})

async function start(options: Partial<RecordedChainOptions> = {}): Promise<RecordedChain> {
  chain = await startRecordedChain({ recording, ...options })
  return chain
}

function recorded(number: number): RecordedBlock {
  const found = recording.blocks.find(({ block }) => Number(block.number) === number)
  if (!found) throw new Error(`block ${number} is not recorded`)
  return found
}

type Answer = {
  readonly id: unknown
  readonly result?: unknown
  readonly error?: { readonly code: number; readonly message: string }
}

async function post(body: unknown, signal?: AbortSignal): Promise<Response> {
  return fetch(chain?.url ?? '', {
    method: 'POST',
    body: typeof body === 'string' ? body : JSON.stringify(body),
    ...(signal && { signal }),
  })
}

async function ask(method: string, ...params: unknown[]): Promise<Answer> {
  return (await (await post({ jsonrpc: '2.0', id: 1, method, params })).json()) as Answer
}

async function call<T = unknown>(method: string, ...params: unknown[]): Promise<T> {
  const { result, error } = await ask(method, ...params)
  expect(error).toBeUndefined()
  return result as T
}

const logsOf = (number: number, more: object = {}): Promise<RpcLog[]> =>
  call('eth_getLogs', { fromBlock: toHex(number), toBlock: toHex(number), ...more })

const receiptsOf = (number: number): Promise<RpcReceipt[]> =>
  call('eth_getBlockReceipts', toHex(number))

const provenRoot = (receipts: readonly RpcReceipt[]): Promise<Hash> =>
  receiptsRoot(
    receipts.map((receipt) => ({
      transactionHash: receipt.transactionHash,
      transactionIndex: Number(receipt.transactionIndex),
      type: Number(receipt.type),
      status: Number(receipt.status),
      cumulativeGasUsed: BigInt(receipt.cumulativeGasUsed),
      logsBloom: receipt.logsBloom,
      logs: receipt.logs.map((log) => ({
        ...log,
        blockNumber: Number(log.blockNumber),
        transactionIndex: Number(log.transactionIndex),
        logIndex: Number(log.logIndex),
      })),
    })),
  )

const headerHash = createHeaderHash(keccak)

describe('the recording', () => {
  test('holds 32 blocks, ascending, with 7,673 logs', () => {
    const numbers = recording.blocks.map(({ block }) => Number(block.number))
    expect(numbers).toHaveLength(32)
    expect(numbers).toEqual(numbers.toSorted((a, b) => a - b))
    expect([numbers[0], numbers.at(-1)]).toEqual([FIRST, HEAD])
    expect(recording.blocks.reduce((sum, { logs }) => sum + logs.length, 0)).toBe(7_673)
  })

  test('has headers that hash to their hashes', () => {
    for (const { block } of recording.blocks) expect(headerHash(block)).toBe(block.hash)
  })

  test('has receipts, blooms and logs that hash to the receiptsRoot of their header', async () => {
    const roots = await Promise.all(recording.blocks.map(({ receipts }) => provenRoot(receipts)))
    expect(roots).toEqual(recording.blocks.map(({ block }) => block.receiptsRoot))
  })

  test('has the same logs in its receipts as alone, each in its place', () => {
    for (const { block, receipts, logs } of recording.blocks) {
      expect(receipts.flatMap((receipt) => receipt.logs)).toEqual(logs)
      expect(logs.map((log) => Number(log.logIndex))).toEqual([...logs.keys()])
      expect(receipts.at(-1)?.cumulativeGasUsed).toBe(block.gasUsed)
      expect(receipts.map(({ transactionHash }) => transactionHash)).toEqual(block.transactions)
    }
  })
})

describe('the methods', () => {
  test('eth_chainId, net_version, web3_clientVersion and eth_blockNumber tell of the recording', async () => {
    await start()
    expect(await call('eth_chainId')).toBe('0x1')
    expect(await call('net_version')).toBe('1')
    expect(await call('web3_clientVersion')).toBe('recorded-chain')
    expect(await call('eth_blockNumber')).toBe(toHex(HEAD))
  })

  test('eth_chainId is what the options say', async () => {
    await start({ chainId: 31_337 })
    expect(await call('eth_chainId')).toBe('0x7a69')
    expect(await call('net_version')).toBe('31337')
  })

  test('eth_getBlockByNumber finds a block by number and by tag, with hashes for transactions', async () => {
    await start()
    const { block } = recorded(FIRST)
    expect(await call('eth_getBlockByNumber', toHex(FIRST), false)).toEqual(block)
    expect(await call('eth_getBlockByNumber', toHex(FIRST), true)).toEqual(block)
    expect(await call('eth_getBlockByNumber', 'earliest', false)).toEqual(block)
    for (const tag of ['latest', 'finalized', 'safe'])
      expect(await call('eth_getBlockByNumber', tag, false)).toEqual(recorded(HEAD).block)
  })

  test('the finalized block is the highest that is recorded up to the one given', async () => {
    await start({ finalized: 12_244_001 })
    const finalized = await call<RpcBlock>('eth_getBlockByNumber', 'finalized', false)
    expect(Number(finalized.number)).toBe(12_244_000)
    expect(await call('eth_getBlockByNumber', 'safe', false)).toEqual(finalized)
    expect(Number((await call<RpcBlock>('eth_getBlockByNumber', 'latest')).number)).toBe(HEAD)
  })

  test('there is no finalized block where none is recorded that low', async () => {
    await start({ finalized: 1 })
    expect(await call('eth_getBlockByNumber', 'finalized', false)).toBeNull()
  })

  test('a block that is not recorded is null', async () => {
    await start()
    const hash = `0x${'ab'.repeat(32)}`
    expect(await call('eth_getBlockByNumber', toHex(FIRST + 1), false)).toBeNull()
    expect(await call('eth_getBlockByNumber', toHex(HEAD + 1), false)).toBeNull()
    expect(await call('eth_getBlockByHash', hash, false)).toBeNull()
    expect(await call('eth_getBlockReceipts', toHex(FIRST + 1))).toBeNull()
    expect(await call('eth_getBlockReceipts', hash)).toBeNull()
    expect(await call('eth_getTransactionReceipt', hash)).toBeNull()
  })

  test('eth_getBlockByHash finds a block', async () => {
    await start()
    const { block } = recorded(FIRST)
    expect(await call('eth_getBlockByHash', block.hash, false)).toEqual(block)
  })

  test('eth_getBlockReceipts finds receipts by number, tag and hash', async () => {
    await start()
    const { block, receipts } = recorded(FIRST)
    expect(await receiptsOf(FIRST)).toEqual(receipts)
    expect(await call('eth_getBlockReceipts', block.hash)).toEqual(receipts)
    expect(await call('eth_getBlockReceipts', 'latest')).toEqual(recorded(HEAD).receipts)
  })

  test('eth_getTransactionReceipt finds a receipt', async () => {
    await start()
    const receipt = recorded(FIRST).receipts[7]
    expect(await call('eth_getTransactionReceipt', receipt?.transactionHash)).toEqual(receipt)
  })

  test('an unknown method and malformed parameters are errors', async () => {
    await start()
    expect((await ask('eth_mine')).error?.code).toBe(-32_601)
    expect((await ask('constructor')).error?.code).toBe(-32_601)
    for (const number of [undefined, 7, '7', '0x', '0x07', 'newest', 'constructor'])
      expect((await ask('eth_getBlockByNumber', number)).error?.code).toBe(-32_602)
    expect((await ask('eth_getBlockByHash', '0x12')).error?.code).toBe(-32_602)
    expect((await ask('eth_getLogs')).error?.code).toBe(-32_602)
    expect((await ask('eth_getLogs', { address: '0x12' })).error?.code).toBe(-32_602)
    expect((await ask('eth_getLogs', { topics: ['0x12'] })).error?.code).toBe(-32_602)
    expect((await ask('eth_getLogs', { topics: Array(5).fill(null) })).error?.code).toBe(-32_602)
  })
})

describe('eth_getLogs', () => {
  test('gives all logs of a range, and none for blocks that are not recorded', async () => {
    await start()
    const [from, to] = PAIR
    const logs = await call('eth_getLogs', { fromBlock: toHex(from - 100), toBlock: toHex(to + 9) })
    expect(logs).toEqual([...recorded(from).logs, ...recorded(to).logs])
    expect(await logsOf(to)).toEqual(recorded(to).logs)
    expect(await logsOf(FIRST + 1)).toEqual([])
  })

  test('takes tags, and the head where no block is given', async () => {
    await start()
    const all = await call('eth_getLogs', { fromBlock: 'earliest', toBlock: 'latest' })
    expect(all).toHaveLength(7_673)
    expect(await call('eth_getLogs', {})).toEqual(recorded(HEAD).logs)
  })

  test('gives the logs of a block by its hash', async () => {
    await start()
    const { block, logs } = recorded(FIRST)
    expect(await call('eth_getLogs', { blockHash: block.hash })).toEqual(logs)
  })

  test('refuses a hash that is unknown, or that comes with a range', async () => {
    await start()
    const unknown = await ask('eth_getLogs', { blockHash: `0x${'ab'.repeat(32)}` })
    expect(unknown.error).toEqual({ code: -32_000, message: 'unknown block' })
    const both = { blockHash: recorded(FIRST).block.hash, fromBlock: 'latest' }
    expect((await ask('eth_getLogs', both)).error?.code).toBe(-32_602)
  })

  test('refuses a range that goes beyond the head or backwards', async () => {
    await start()
    const beyond = await ask('eth_getLogs', { fromBlock: toHex(HEAD), toBlock: toHex(HEAD + 1) })
    expect(beyond.error).toEqual({
      code: -32_602,
      message: `block range extends beyond current head block: requested ${HEAD + 1}, head ${HEAD}`,
    })
    const backwards = await ask('eth_getLogs', { fromBlock: toHex(HEAD + 1), toBlock: 'latest' })
    expect(backwards.error).toEqual({ code: -32_602, message: 'invalid block range params' })
  })

  test('filters by one address or several, in any case of letters', async () => {
    await start()
    const { logs } = recorded(FIRST)
    const other = logs.find(({ address }) => address !== WETH)?.address
    const ofWeth = logs.filter(({ address }) => address === WETH)
    expect(ofWeth.length).toBeGreaterThan(0)
    expect(await logsOf(FIRST, { address: WETH })).toEqual(ofWeth)
    expect(await logsOf(FIRST, { address: WETH.toUpperCase().replace('X', 'x') })).toEqual(ofWeth)
    expect(await logsOf(FIRST, { address: [WETH, other] })).toEqual(
      logs.filter(({ address }) => address === WETH || address === other),
    )
    expect(await logsOf(FIRST, { address: [] })).toEqual(logs)
  })

  test('filters by topics at any place, with alternatives and places that allow anything', async () => {
    await start()
    const { logs } = recorded(FIRST)
    const transfers = logs.filter(({ topics }) => topics[0] === TRANSFER)
    const receiver = transfers[3]?.topics[2]
    expect(await logsOf(FIRST, { topics: [TRANSFER] })).toEqual(transfers)
    expect(await logsOf(FIRST, { topics: [[TRANSFER, SYNC]] })).toEqual(
      logs.filter(({ topics }) => topics[0] === TRANSFER || topics[0] === SYNC),
    )
    expect(await logsOf(FIRST, { topics: [TRANSFER, null, receiver] })).toEqual(
      transfers.filter(({ topics }) => topics[2] === receiver),
    )
    expect(await logsOf(FIRST, { topics: [null, [], [receiver]] })).toEqual(
      logs.filter(({ topics }) => topics[2] === receiver),
    )
    expect(await logsOf(FIRST, { topics: [] })).toEqual(logs)
  })

  test('leaves out logs with fewer topics than the filter has places', async () => {
    await start()
    const { logs } = recorded(FIRST)
    const long = logs.filter(({ topics }) => topics.length >= 2)
    expect(long.length).toBeLessThan(logs.length)
    expect(await logsOf(FIRST, { topics: [null, null] })).toEqual(long)
  })
})

describe('JSON-RPC over HTTP', () => {
  test('a batch is answered in its order, errors in their places', async () => {
    await start()
    const response = await post([
      { jsonrpc: '2.0', id: 'b', method: 'eth_blockNumber', params: [] },
      { jsonrpc: '2.0', id: 3, method: 'eth_mine' },
      7,
      { jsonrpc: '2.0', id: 1, method: 'eth_chainId' },
    ])
    const answers = (await response.json()) as Answer[]
    expect(answers.map(({ id }) => id)).toEqual(['b', 3, null, 1])
    expect(answers.map(({ error }) => error?.code)).toEqual([
      undefined,
      -32_601,
      -32_600,
      undefined,
    ])
    expect(answers[3]?.result).toBe('0x1')
  })

  test('a request that is not JSON, or no batch that can be answered, is an error', async () => {
    await start()
    const codeOf = async (body: unknown): Promise<number | undefined> =>
      ((await (await post(body)).json()) as Answer).error?.code
    expect(await codeOf('{')).toBe(-32_700)
    expect(await codeOf([])).toBe(-32_600)
    expect(await codeOf({ id: 1 })).toBe(-32_600)
    expect(
      await codeOf(Array.from({ length: 1_001 }, (_, id) => ({ id, method: 'eth_chainId' }))),
    ).toBe(-32_600)
  })

  test('only POST is answered, and only up to a size', async () => {
    await start()
    expect((await fetch(chain?.url ?? '')).status).toBe(405)
    expect((await post(' '.repeat(6 * 1024 * 1024))).status).toBe(413)
  })

  test('calls are counted by method, each of a batch, whatever becomes of them', async () => {
    const { requests } = await start({ faults: [{ kind: 'html', times: 1 }] })
    const batch = ['eth_chainId', 'eth_getLogs', 'eth_chainId'].map((method) => ({ id: 1, method }))
    await post(batch)
    await post(batch)
    expect(requests).toEqual({ eth_chainId: 4, eth_getLogs: 2 })
  })

  test('two chains run side by side, and a closed one is gone', async () => {
    await start()
    await using second = await startRecordedChain({ recording, chainId: 2 })
    expect(second.url).not.toBe(chain?.url)
    await chain?.close()
    await expect(post({})).rejects.toThrow('fetch failed')
  })

  test('a port that is taken is an error', async () => {
    const { url } = await start()
    const port = Number(new URL(url).port)
    await expect(startRecordedChain({ recording, port })).rejects.toThrow('EADDRINUSE')
  })
})

describe('a fault', () => {
  const withFault = (fault: Fault): Promise<RecordedChain> => start({ faults: [fault] })

  test('wrong-block-hash: one log tells of another block', async () => {
    await withFault({ kind: 'wrong-block-hash', block: FIRST, logIndex: 5 })
    const { block, logs } = recorded(FIRST)
    const answer = await logsOf(FIRST)
    expect(answer.filter(({ blockHash }) => blockHash !== block.hash)).toHaveLength(1)
    expect(answer[5]).toEqual({ ...logs[5], blockHash: answer[5]?.blockHash })
    expect(answer[5]?.blockHash).toMatch(/^0x[0-9a-f]{64}$/)
    expect(await receiptsOf(FIRST)).toEqual(recorded(FIRST).receipts)
  })

  test('without logIndex it is the first log of the block that was asked for', async () => {
    await withFault({ kind: 'wrong-block-hash', block: FIRST })
    const answer = await logsOf(FIRST, { topics: [SYNC] })
    expect(answer[0]?.blockHash).not.toBe(recorded(FIRST).block.hash)
    expect(answer[1]?.blockHash).toBe(recorded(FIRST).block.hash)
  })

  test('missing-log: one log is not in the answer, but in the receipts', async () => {
    await withFault({ kind: 'missing-log', block: FIRST, logIndex: 5 })
    const { logs, receipts } = recorded(FIRST)
    expect(await logsOf(FIRST)).toEqual(logs.toSpliced(5, 1))
    expect(await receiptsOf(FIRST)).toEqual(receipts)
  })

  test('missing-log with receipts: it is in neither, and the receipts no longer hash to the root', async () => {
    await withFault({ kind: 'missing-log', block: FIRST, logIndex: 5, receipts: true })
    const { block, logs } = recorded(FIRST)
    const receipts = await receiptsOf(FIRST)
    const hash = logs[5]?.transactionHash
    expect(receipts.flatMap((receipt) => receipt.logs)).toEqual(logs.toSpliced(5, 1))
    expect(await provenRoot(receipts)).not.toBe(block.receiptsRoot)
    const receipt = await call('eth_getTransactionReceipt', hash)
    expect(receipt).toEqual(receipts.find(({ transactionHash }) => transactionHash === hash))
    expect(await logsOf(FIRST)).toEqual(logs.toSpliced(5, 1))
  })

  test('missing-log for a receipts method alone leaves eth_getLogs right', async () => {
    await withFault({ kind: 'missing-log', block: FIRST, method: 'eth_getBlockReceipts' })
    const { logs } = recorded(FIRST)
    expect((await receiptsOf(FIRST)).flatMap((receipt) => receipt.logs)).toEqual(logs.slice(1))
    expect(await logsOf(FIRST)).toEqual(logs)
  })

  test('duplicate-log: one log comes twice in a row', async () => {
    await withFault({ kind: 'duplicate-log', block: FIRST, logIndex: 5 })
    const { logs } = recorded(FIRST)
    expect(await logsOf(FIRST)).toEqual([...logs.slice(0, 6), ...logs.slice(5)])
  })

  test('extra-log: a log that never was comes after those of the block that were asked for', async () => {
    const [from, to] = PAIR
    await withFault({ kind: 'extra-log', block: from, receipts: true })
    const { logs } = recorded(from)
    const answer = await call<RpcLog[]>('eth_getLogs', {
      fromBlock: toHex(from),
      toBlock: toHex(to),
      topics: [SYNC],
    })
    const syncs = logs.filter(({ topics }) => topics[0] === SYNC)
    const extra = { ...syncs.at(-1), logIndex: toHex(logs.length) }
    expect(answer.slice(0, syncs.length + 1)).toEqual([...syncs, extra])
    expect(answer[syncs.length + 1]).toEqual(
      recorded(to).logs.find(({ topics }) => topics[0] === SYNC),
    )
    const receipts = await receiptsOf(from)
    expect(receipts.flatMap((receipt) => receipt.logs)).toHaveLength(logs.length + 1)
  })

  test('empty-logs: there are no logs, of any block or of one', async () => {
    const [from, to] = PAIR
    await withFault({ kind: 'empty-logs' })
    expect(await logsOf(from)).toEqual([])
    chain?.setFaults([{ kind: 'empty-logs', block: to }])
    expect(await call('eth_getLogs', { fromBlock: toHex(from), toBlock: toHex(to) })).toEqual(
      recorded(from).logs,
    )
  })

  test('null-block: a block is null, any or one', async () => {
    await withFault({ kind: 'null-block', block: HEAD })
    expect(await call('eth_getBlockByNumber', 'latest', false)).toBeNull()
    expect(await call('eth_getBlockByHash', recorded(HEAD).block.hash, false)).toBeNull()
    expect(await call('eth_getBlockByNumber', toHex(FIRST), false)).not.toBeNull()
    chain?.setFaults([{ kind: 'null-block' }])
    expect(await call('eth_getBlockByNumber', toHex(FIRST), false)).toBeNull()
  })

  test('null-receipts: receipts are null, of any block or of one', async () => {
    await withFault({ kind: 'null-receipts', block: FIRST })
    const hash = recorded(FIRST).receipts[0]?.transactionHash
    expect(await call('eth_getBlockReceipts', toHex(FIRST))).toBeNull()
    expect(await call('eth_getTransactionReceipt', hash)).toBeNull()
    expect(await call('eth_getBlockReceipts', 'latest')).not.toBeNull()
    chain?.setFaults([{ kind: 'null-receipts' }])
    expect(await call('eth_getBlockReceipts', 'latest')).toBeNull()
  })

  test('wrong-receipt: one receipt has another cumulativeGasUsed, and the root is another', async () => {
    await withFault({ kind: 'wrong-receipt', block: FIRST, transactionIndex: 2 })
    const { block, receipts } = recorded(FIRST)
    const answer = await receiptsOf(FIRST)
    expect(BigInt(answer[2]?.cumulativeGasUsed ?? 0)).toBe(
      BigInt(receipts[2]?.cumulativeGasUsed ?? 0) + 1n,
    )
    expect(answer.toSpliced(2, 1)).toEqual(receipts.toSpliced(2, 1))
    expect(await provenRoot(answer)).not.toBe(block.receiptsRoot)
    expect(await call('eth_getTransactionReceipt', receipts[2]?.transactionHash)).toEqual(answer[2])
    expect(await receiptsOf(HEAD)).toEqual(recorded(HEAD).receipts)
  })

  test('wrong-header: a field is another, and the header no longer hashes to its hash', async () => {
    const { block } = recorded(FIRST)
    await withFault({ kind: 'wrong-header', block: FIRST })
    const answer = await call<RpcBlock>('eth_getBlockByNumber', toHex(FIRST), false)
    expect(answer).toEqual({ ...block, timestamp: answer.timestamp })
    expect(answer.timestamp).not.toBe(block.timestamp)
    expect(headerHash(answer)).not.toBe(block.hash)
    chain?.setFaults([{ kind: 'wrong-header', block: FIRST, field: 'number', value: '0x1' }])
    expect(await call('eth_getBlockByHash', block.hash, false)).toEqual({ ...block, number: '0x1' })
  })

  test('wrong-chain-id: the chain is another', async () => {
    await withFault({ kind: 'wrong-chain-id' })
    expect(await call('eth_chainId')).toBe('0x2')
    expect(await call('net_version')).toBe('2')
    chain?.setFaults([{ kind: 'wrong-chain-id', chainId: 10 }])
    expect(await call('eth_chainId')).toBe('0xa')
    expect(await call('net_version')).toBe('10')
  })

  test('error: one method answers with it, so many times, in a batch as well', async () => {
    const error = { code: -32_005, message: 'query returned more than 10000 results' }
    await withFault({ kind: 'error', method: 'eth_getLogs', times: 2, ...error })
    const batch = ['eth_chainId', 'eth_getLogs'].map((method) => ({
      id: method,
      method,
      params: [{}],
    }))
    const answers = (await (await post(batch)).json()) as Answer[]
    expect(answers.map((answer) => answer.error)).toEqual([undefined, error])
    expect((await ask('eth_getLogs', {})).error).toEqual(error)
    expect((await ask('eth_getLogs', {})).error).toBeUndefined()
  })

  test('http-status: the response has it, with Retry-After where told', async () => {
    await withFault({ kind: 'http-status', status: 429, retryAfterSeconds: 2, times: 1 })
    const response = await post({ id: 1, method: 'eth_chainId' })
    expect(response.status).toBe(429)
    expect(response.headers.get('retry-after')).toBe('2')
    expect(await response.text()).toBe('Too Many Requests')
    expect(await call('eth_chainId')).toBe('0x1')
    for (const status of [500, 503]) {
      chain?.setFaults([{ kind: 'http-status', status }])
      const failed = await post({ id: 1, method: 'eth_chainId' })
      expect([failed.status, failed.headers.get('retry-after')]).toEqual([status, null])
    }
  })

  test('hang: there is no answer, until the server closes', async () => {
    const server = await withFault({ kind: 'hang', times: 1 })
    const hanging = expect(post({ id: 1, method: 'eth_chainId' })).rejects.toThrow('fetch failed')
    await expect.poll(() => server.requests.eth_chainId).toBe(1)
    expect(await call('eth_chainId')).toBe('0x1')
    await server.close()
    await hanging
  })

  test('truncated-json: the response is whole, the JSON in it is not', async () => {
    await withFault({ kind: 'truncated-json' })
    const response = await post({ id: 1, method: 'eth_chainId' })
    expect(response.status).toBe(200)
    const text = await response.text()
    expect(text).toMatch(/^\{"jsonrpc"/)
    expect(() => JSON.parse(text)).toThrow(SyntaxError)
  })

  test('html: the response is a page', async () => {
    await withFault({ kind: 'html' })
    const response = await post({ id: 1, method: 'eth_chainId' })
    expect([response.status, response.headers.get('content-type')]).toEqual([200, 'text/html'])
    expect(await response.text()).toMatch(/^<!doctype html>/)
  })

  test('slow: the right answer comes late, and closing does not wait for it', async () => {
    const server = await withFault({ kind: 'slow', ms: 50 })
    const begin = performance.now()
    expect(await call('eth_chainId')).toBe('0x1')
    expect(performance.now() - begin).toBeGreaterThan(45)
    server.setFaults([{ kind: 'slow', ms: 3_600_000 }])
    const waiting = expect(post({ id: 1, method: 'eth_chainId' })).rejects.toThrow('fetch failed')
    await expect.poll(() => server.requests.eth_chainId).toBe(2)
    await server.close()
    await waiting
  })

  test('with a method shows in that method only', async () => {
    await withFault({ kind: 'http-status', status: 503, method: 'eth_getLogs' })
    expect(await call('eth_chainId')).toBe('0x1')
    expect((await post({ id: 1, method: 'eth_getLogs' })).status).toBe(503)
    const batch = [
      { id: 1, method: 'eth_chainId' },
      { id: 2, method: 'eth_getLogs' },
    ]
    expect((await post(batch)).status).toBe(503)
    chain?.setFaults([{ kind: 'null-block', method: 'eth_getBlockByHash' }])
    const { block } = recorded(FIRST)
    expect(await call('eth_getBlockByNumber', toHex(FIRST), false)).toEqual(block)
    expect(await call('eth_getBlockByHash', block.hash, false)).toBeNull()
  })

  test('counts only the answers that it changed', async () => {
    await withFault({ kind: 'missing-log', block: FIRST, logIndex: 5, times: 1 })
    await logsOf(HEAD)
    await receiptsOf(FIRST)
    expect(await logsOf(FIRST)).toHaveLength(recorded(FIRST).logs.length - 1)
    expect(await logsOf(FIRST)).toEqual(recorded(FIRST).logs)
  })

  test('acts on what the one before has left, and leaves the recording as it is', async () => {
    await start({
      faults: [
        { kind: 'missing-log', block: FIRST },
        { kind: 'missing-log', block: FIRST },
      ],
    })
    const { logs } = recorded(FIRST)
    expect(await logsOf(FIRST)).toEqual(logs.slice(2))
    chain?.setFaults([])
    expect(await logsOf(FIRST)).toEqual(logs)
  })

  test('that could never show is refused', async () => {
    const idle: readonly Fault[] = [
      { kind: 'missing-log', block: FIRST + 1 },
      { kind: 'missing-log', block: FIRST, logIndex: 1_000 },
      { kind: 'wrong-receipt', block: FIRST, transactionIndex: 1_000 },
      { kind: 'wrong-header', block: FIRST, field: 'baseFeePerGas' },
      { kind: 'empty-logs', method: 'eth_getBlockReceipts' },
    ]
    await start()
    for (const fault of idle) {
      expect(() => chain?.setFaults([fault])).toThrow(fault.kind)
      await expect(startRecordedChain({ recording, faults: [fault] })).rejects.toThrow(fault.kind)
    }
  })
})

describe('a fault as text', () => {
  test('becomes a fault', () => {
    const cases: readonly (readonly [string, Fault])[] = [
      ['hang', { kind: 'hang' }],
      ['missing-log:block=5,logIndex=0,receipts', missingLog()],
      ['missing-log:receipts,logIndex=0,block=5', missingLog()],
      ['missing-log:block=5,receipts=true,logIndex=0', missingLog()],
      ['slow:ms=5,times=2,method=eth_getLogs', slow()],
      ['error:code=-32000,message=too many, it says: a=b', tooMany()],
    ]
    for (const [text, fault] of cases) expect(parseFault(text)).toEqual(fault)
  })

  const missingLog = (): Fault => ({ kind: 'missing-log', block: 5, logIndex: 0, receipts: true })
  const slow = (): Fault => ({ kind: 'slow', ms: 5, times: 2, method: 'eth_getLogs' })
  const tooMany = (): Fault => ({
    kind: 'error',
    code: -32_000,
    message: 'too many, it says: a=b',
  })

  test('that is wrong says what is', () => {
    expect(() => parseFault('nope')).toThrow('no such fault: "nope"')
    expect(() => parseFault('slow')).toThrow('slow needs ms')
    expect(() => parseFault('slow:ms=soon')).toThrow('slow ms: "soon" is not a whole number')
    expect(() => parseFault('slow:ms')).toThrow('slow ms needs a value')
    expect(() => parseFault('slow:ms=1,block=2')).toThrow('slow has no "block"')
    expect(() => parseFault('extra-log:block=1,receipts=no')).toThrow('receipts takes no value')
  })
})

describe('the program', () => {
  const NODE = fileURLToPath(new URL('../../node_modules/.bin/node', import.meta.url))
  const MAIN = fileURLToPath(new URL('recorded-chain/main.ts', import.meta.url))

  const CHAIN_ID = JSON.stringify({ id: 1, method: 'eth_chainId' })

  async function urlOf(child: ChildProcessWithoutNullStreams): Promise<string> {
    const [line] = (await once(child.stdout.setEncoding('utf8'), 'data')) as [string]
    expect(line).toMatch(/^recorded-chain: http:\/\/127\.0\.0\.1:\d+\n$/)
    return line.slice('recorded-chain: '.length).trim()
  }

  const run = (...args: string[]): Promise<{ stdout: string; stderr: string }> =>
    promisify(execFile)(NODE, [MAIN, ...args])

  /** Killed however the test ends, a time-out included. */
  function launch(...args: string[]): ChildProcessWithoutNullStreams {
    const child = spawn(NODE, [MAIN, ...args])
    onTestFinished(() => void child.kill('SIGKILL'))
    return child
  }

  test('prints its URL, serves with its faults, and ends on SIGTERM', async () => {
    const child = launch('--port', '0', '--fault', 'wrong-chain-id:chainId=5')
    const response = await fetch(await urlOf(child), { method: 'POST', body: CHAIN_ID })
    expect(((await response.json()) as Answer).result).toBe('0x5')
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
  })

  test('ends on SIGTERM though an answer is late by hours', async () => {
    const child = launch('--port', '0', '--fault', 'slow:ms=36000000')
    const url = await urlOf(child)
    const waiting = expect(fetch(url, { method: 'POST', body: CHAIN_ID })).rejects.toThrow()
    // Gives the first request the time to arrive.
    expect((await fetch(url)).status).toBe(405)
    child.kill('SIGTERM')
    expect(await once(child, 'exit')).toEqual([0, null])
    await waiting
  })

  test('tells what it can do', async () => {
    expect((await run('--help')).stdout).toContain('examples:')
  })

  test('ends with 2 on options that it does not understand', async () => {
    const wrong = [['--prot', '1'], ['--port', 'x'], ['--fault', 'nope'], ['extra']]
    await Promise.all(
      wrong.map(async (args) => {
        const stderr = expect.stringMatching(/^recorded-chain: .+\n--help/) as string
        await expect(run(...args)).rejects.toMatchObject({ code: 2, stderr })
      }),
    )
  })

  test('ends with 1 where it cannot serve', async () => {
    await expect(run('--data', '/nowhere')).rejects.toMatchObject({ code: 1 })
    await expect(run('--fault', 'extra-log:block=1')).rejects.toMatchObject({ code: 1 })
  })
})
