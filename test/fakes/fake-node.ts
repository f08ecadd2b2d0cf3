import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { RawLog, Receipt } from '#core/indexing/ports.ts'
import type { FakeBlock } from './fake-chain.ts'

/** A JSON-RPC error that a node answers with. */
export class NodeError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

type Call = { readonly id: number; readonly method: string; readonly params: readonly unknown[] }

/** What a node does otherwise than a good one. */
export type FakeNodeHooks = {
  /** The answer to one call; `answer` gives the right one. What it throws as `NodeError` is an error. */
  call?(method: string, params: readonly never[], answer: () => unknown): unknown
  /** True where it has answered the request itself, or will never. */
  http?(body: Call | Call[], response: ServerResponse): boolean
}

export type FakeNode = {
  readonly url: string
  hooks: FakeNodeHooks
  /** Calls by method. */
  readonly calls: Record<string, number>
  /** HTTP requests. */
  requests(): number
  close(): Promise<void>
}

export type FakeNodeOptions = {
  readonly blocks: () => readonly FakeBlock[]
  readonly chainId?: number
  /** How many blocks below the head its `finalized` tag names. */
  readonly finality?: number
  readonly hooks?: FakeNodeHooks
}

const hex = (number: number | bigint): string => `0x${number.toString(16)}`

/**
 * Contracts as most tests need them: there is code, and every call is refused. A run that asks about sources and tokens
 * beside its work then has its answers at once.
 */
export const refusingContracts: FakeNodeHooks = {
  call(method, _, answer) {
    if (method === 'eth_getCode') return '0x00'
    if (method === 'eth_call') throw new NodeError(3, 'execution reverted')
    return answer()
  },
}

/** A node of a made-up chain, over HTTP. */
export async function startFakeNode(options: FakeNodeOptions): Promise<FakeNode> {
  const { blocks, chainId = 31_337, finality = 3 } = options
  const calls: Record<string, number> = {}
  let requests = 0

  function numberOf(tag: string): number {
    const head = blocks().length - 1
    if (tag === 'latest') return head
    return tag === 'finalized' ? head - finality : Number(tag)
  }

  function answer(method: string, params: readonly unknown[]): unknown {
    switch (method) {
      case 'eth_chainId':
        return hex(chainId)
      case 'eth_getBlockByNumber':
        return toBlock(blocks()[numberOf(params[0] as string)])
      case 'eth_getBlockByHash':
        return toBlock(blocks().find(({ header }) => header.hash === params[0]))
      case 'eth_getBlockReceipts':
        return blocks()[Number(params[0])]?.receipts.map(toReceipt) ?? null
      case 'eth_getTransactionReceipt':
        return (
          blocks()
            .flatMap(({ receipts }) => receipts)
            .filter(({ transactionHash }) => transactionHash === params[0])
            .map(toReceipt)[0] ?? null
        )
      case 'eth_getLogs':
        return logsOf(blocks(), params[0] as LogParams)
      default:
        throw new NodeError(-32_601, `the method ${method} does not exist`)
    }
  }

  async function respond({ id, method, params }: Call): Promise<object> {
    calls[method] = (calls[method] ?? 0) + 1
    try {
      const right = (): unknown => answer(method, params)
      const { call } = node.hooks
      const result = await (call ? call(method, params as never[], right) : right())
      return { jsonrpc: '2.0', id, result }
    } catch (error) {
      if (!(error instanceof NodeError)) throw error
      return { jsonrpc: '2.0', id, error: { code: error.code, message: error.message } }
    }
  }

  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    requests++
    let text = ''
    for await (const part of request) text += String(part)
    const body = JSON.parse(text) as Call | Call[]
    if (node.hooks.http?.(body, response)) return
    const answers = Array.isArray(body) ? await Promise.all(body.map(respond)) : await respond(body)
    response.setHeader('content-type', 'application/json')
    response.end(JSON.stringify(answers))
  }

  const server = createServer((request, response) => void receive(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const node: FakeNode = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    hooks: options.hooks ?? {},
    calls,
    requests: () => requests,
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
  return node
}

const toBlock = (block: FakeBlock | undefined): object | null =>
  block
    ? {
        ...block.fields,
        transactions: block.receipts.map(({ transactionHash }) => transactionHash),
      }
    : null

const toLog = (log: RawLog): object => ({
  ...log,
  blockNumber: hex(log.blockNumber),
  transactionIndex: hex(log.transactionIndex),
  logIndex: hex(log.logIndex),
  removed: false,
})

const toReceipt = (receipt: Receipt): object => ({
  ...receipt,
  transactionIndex: hex(receipt.transactionIndex),
  type: hex(receipt.type),
  status: hex(Number(receipt.status)),
  cumulativeGasUsed: hex(receipt.cumulativeGasUsed),
  logs: receipt.logs.map(toLog),
})

export type LogParams = {
  readonly fromBlock: string
  readonly toBlock: string
  readonly address?: readonly string[]
  readonly topics: readonly (readonly string[])[]
}

const logsOf = (blocks: readonly FakeBlock[], asked: LogParams): object[] =>
  blocks
    .slice(Number(asked.fromBlock), Number(asked.toBlock) + 1)
    .flatMap(({ logs }) => logs)
    .filter(
      ({ address, topics }) =>
        (asked.address?.includes(address) ?? true) &&
        asked.topics.every((list, index) => list.includes(topics[index] as string)),
    )
    .map(toLog)
