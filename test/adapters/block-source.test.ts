import { once } from 'node:events'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createHeaderHash } from '#adapters/ethereumjs/header-hash.ts'
import { keccak } from '#adapters/hash-wasm/keccak.ts'
import { createRpcBlockSource } from '#adapters/rpc/block-source.ts'
import { createRpc, type Rpc } from '#adapters/rpc/rpc.ts'
import { DEVNET_CHAIN_ID, startAnvil } from '#devnet/anvil.ts'
import { deployDevnet } from '#devnet/deploy.ts'
import { connect, type DevNode } from '#devnet/node.ts'
import type { Hash, Hex } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { RawLog, Receipt } from '#core/indexing/ports.ts'
import { type BlockSourceHarness, blockSourceContract } from '../contracts/block-source.contract.ts'
import { createFakeChain, type NodeBlock } from '../fakes/fake-chain.ts'
import { createFakeSource, type FakeFaults } from '../fakes/fake-source.ts'

const FINALITY = 3
/** `deposit()` of WETH. */
const DEPOSIT: Hex = '0xd0e30db0'

blockSourceContract('fake', async () => {
  const chain = createFakeChain(1)
  let away: readonly number[] = []
  const faultsOf = (node: number): FakeFaults => ({
    request() {
      if (away.includes(node)) throw new AppError('unavailable', `node ${node} is away`)
    },
  })
  return {
    chainId: DEVNET_CHAIN_ID,
    finality: FINALITY,
    blocks: async () => [...chain.blocks],
    mine: (count) => chain.mine(count),
    fork: () => chain.fork(2, 3),
    connect: () =>
      createFakeSource({
        blocks: () => chain.blocks,
        finality: FINALITY,
        faults: [faultsOf(0), faultsOf(1)],
      }),
    setAway: (nodes) => void (away = nodes),
    dispose: async () => {},
  }
})

blockSourceContract('JSON-RPC', async (): Promise<BlockSourceHarness> => {
  const anvil = await startAnvil()
  const { deployer, weth } = await deployDevnet(anvil.url)
  const node = connect(anvil.url)
  const doors = [await openDoor(anvil.url), await openDoor(anvil.url)]
  const rpcs: Rpc[] = []
  const urls = doors.map(({ url }) => url)
  const headerHash = createHeaderHash(keccak)
  /** WETH for a little ether, which the contract logs. */
  const deposit = { label: 'deposit', from: deployer, to: weth, data: DEPOSIT, gas: 60_000n }

  async function mine(count: number): Promise<void> {
    for (let left = count; left > 0; left--)
      await node.execute([{ ...deposit, value: BigInt(left) }], 'now')
  }

  return {
    chainId: DEVNET_CHAIN_ID,
    finality: FINALITY,
    blocks: () => readBlocks(node),
    mine,
    async fork() {
      await node.request('anvil_reorg', [2, []])
      await mine(1)
    },
    connect() {
      const rpc = createRpc(urls, { chainId: DEVNET_CHAIN_ID, patienceMs: 500 })
      rpcs.push(rpc)
      return createRpcBlockSource(rpc, { finality: FINALITY, headerHash })
    },
    setAway(nodes) {
      for (const [index, door] of doors.entries()) door.setOpen(!nodes.includes(index))
    },
    async dispose() {
      for (const rpc of rpcs) await rpc.close()
      for (const door of doors) await door.close()
      await anvil.stop()
    },
  }
})

type Door = {
  readonly url: string
  setOpen(isOpen: boolean): void
  close(): Promise<void>
}

/** An address of its own for a node, at which it can be away. */
async function openDoor(url: string): Promise<Door> {
  let isOpen = true
  async function pass(request: IncomingMessage, response: ServerResponse): Promise<void> {
    let body = ''
    for await (const part of request) body += String(part)
    if (isOpen) {
      const headers = { 'content-type': 'application/json' }
      const answer = await fetch(url, { method: 'POST', headers, body })
      response.writeHead(answer.status, headers).end(await answer.text())
    } else {
      response.writeHead(500).end()
    }
  }

  const server = createServer((request, response) => void pass(request, response))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    setOpen: (open) => void (isOpen = open),
    async close() {
      const closed = once(server, 'close')
      server.close()
      server.closeAllConnections()
      await closed
    },
  }
}

type Told = Readonly<Record<string, Hex>>
type ToldReceipt = Told & { readonly logs: readonly (Told & { topics: readonly Hash[] })[] }

/** All blocks as the node tells them, each field read by hand. */
async function readBlocks(node: DevNode): Promise<NodeBlock[]> {
  const head = Number(await node.request('eth_blockNumber'))
  return Promise.all(Array.from({ length: head + 1 }, (_, number) => readBlock(node, number)))
}

async function readBlock(node: DevNode, number: number): Promise<NodeBlock> {
  const at = `0x${number.toString(16)}`
  const [block, told] = await Promise.all([
    node.request<Told>('eth_getBlockByNumber', [at, false]),
    node.request<ToldReceipt[]>('eth_getBlockReceipts', [at]),
  ])
  const receipts = told.map((receipt): Receipt => ({
    transactionHash: receipt.transactionHash as Hash,
    transactionIndex: Number(receipt.transactionIndex),
    type: Number(receipt.type),
    status: Number(receipt.status),
    cumulativeGasUsed: BigInt(receipt.cumulativeGasUsed as Hex),
    logsBloom: receipt.logsBloom as Hex,
    logs: receipt.logs.map((log): RawLog => ({
      address: log.address as Hex,
      topics: log.topics,
      data: log.data as Hex,
      blockNumber: Number(log.blockNumber),
      blockHash: log.blockHash as Hash,
      transactionHash: log.transactionHash as Hash,
      transactionIndex: Number(log.transactionIndex),
      logIndex: Number(log.logIndex),
    })),
  }))
  return {
    header: {
      number: Number(block.number),
      hash: block.hash as Hash,
      parentHash: block.parentHash as Hash,
      timestamp: Number(block.timestamp),
      receiptsRoot: block.receiptsRoot as Hash,
      logsBloom: block.logsBloom as Hex,
      hashProven: true,
    },
    receipts,
    logs: receipts.flatMap(({ logs }) => logs),
  }
}
