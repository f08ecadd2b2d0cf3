import { spawn } from 'node:child_process'
import { readFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout } from 'node:timers/promises'
import { encodeEventTopics, keccak256 } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Anvil, startAnvil } from '#devnet/anvil.ts'
import {
  type ContractName,
  contracts,
  V2_INIT_CODE_HASH,
  V3_INIT_CODE_HASH,
} from '#devnet/contracts.ts'
import { deployDevnet } from '#devnet/deploy.ts'
import type { Deployment, DevPool } from '#devnet/deployment.ts'
import { connect, type DevNode } from '#devnet/node.ts'
import type { PlayedBlock } from '#devnet/traders.ts'
import { priceOf, rawPrice } from '#devnet/v3-price.ts'
import type { Address, Hash } from '#core/chain.ts'
import { compileSolidity } from '../tools/solidity.ts'
import { tradeBlocks } from '../servers/trade-blocks.ts'

const SEED = 'harbour'
const BLOCKS = 15
const BLOCKS_AFTER_RESTART = 3
const SIGNALS_HEARD_MS = 300

type Log = { readonly address: Address; readonly topics: readonly Hash[] }
type Block = { readonly number: string; readonly hash: Hash; readonly timestamp: string }

const folder = mkdtempSync(join(tmpdir(), 'devnet-'))
afterAll(() => rmSync(folder, { recursive: true }))

describe('the contracts', () => {
  test('are the ones on mainnet, by the hash of their creation code', () => {
    expect(V2_INIT_CODE_HASH).toMatch(/^0x96e8ac42.*845f$/)
    expect(V3_INIT_CODE_HASH).toMatch(/^0xe34f199b.*8b54$/)
    expect(keccak256(contracts.v2Pair.bytecode)).toBe(V2_INIT_CODE_HASH)
    expect(keccak256(contracts.v3Pool.bytecode)).toBe(V3_INIT_CODE_HASH)
  })

  test('include the token that token.sol compiles to', async () => {
    const artifact = join(import.meta.dirname, '../../apps/devnet/token.artifact.json')
    const source = join(import.meta.dirname, '../../apps/devnet/token.sol')
    await expect(compileSolidity(source, 'Token')).toMatchFileSnapshot(artifact)
  })
})

describe('a chain that is deployed, traded on and restarted', () => {
  let anvil: Anvil
  let node: DevNode
  let deployedBlocks: number
  let deployment: Deployment
  let openingPrices: number[]
  let played: readonly PlayedBlock[]
  let logs: Log[]

  const start = async (): Promise<void> => {
    anvil = await startAnvil({ statePath: join(folder, 'state.json') })
    node = connect(anvil.url)
  }

  beforeAll(async () => {
    await start()
    deployment = await deployDevnet(anvil.url)
    deployedBlocks = Number(await node.request('eth_blockNumber'))
    openingPrices = await Promise.all(deployment.pools.map((pool) => priceNow(node, pool)))
    played = await tradeBlocks(anvil.url, deployment, BLOCKS, SEED)
    logs = await node.request<Log[]>('eth_getLogs', [{ fromBlock: '0x0', toBlock: 'latest' }])
  }, 30_000)
  afterAll(() => anvil.stop())

  test('has its pools where the factories say', async () => {
    const { v2Factory, v3Factory, pools } = deployment
    const found = await Promise.all(
      pools.map(({ protocol, token0, token1, feePips }) =>
        protocol === 'uniswap-v2'
          ? node.read<string>('v2Factory', v2Factory, 'getPair', [token0.address, token1.address])
          : node.read<string>('v3Factory', v3Factory, 'getPool', [
              token0.address,
              token1.address,
              feePips,
            ]),
      ),
    )
    expect(found.map((address) => address.toLowerCase())).toEqual(
      pools.map(({ address }) => address),
    )
    expect(pools.filter(({ protocol }) => protocol === 'uniswap-v2').length).toBeGreaterThan(9)
    expect(new Set(pools.map(({ tickSpacing }) => tickSpacing))).toEqual(
      new Set([null, 10, 60, 200]),
    )
  })

  test('opens every pool at the same value of a token', () => {
    for (const [index, { token0, token1 }] of deployment.pools.entries()) {
      const expected = rawPrice(token0, token0.usd, token1, token1.usd)
      expect((openingPrices[index] as number) / expected).toBeCloseTo(1, 3)
    }
  })

  test('has points that are a token, and their contracts where the documentation says', async () => {
    const { erc20Points, erc1155Points, pointsToken, multiToken, deployer } = deployment
    const docs = readFileSync(join(import.meta.dirname, '../../docs/points.md'), 'utf8')
    for (const [name, contract, token] of [
      ['erc20Points', erc20Points, pointsToken],
      ['erc1155Points', erc1155Points, multiToken],
    ] as const) {
      expect(docs).toContain(contract)
      expect((await node.read<string>(name, contract, 'token')).toLowerCase()).toBe(token)
    }
    const allowed = [deployer, erc20Points]
    expect(await node.read<bigint>('token', pointsToken, 'allowance', allowed)).toBeGreaterThan(0n)
    const approved = [deployer, erc1155Points]
    expect(await node.read('multiToken', multiToken, 'isApprovedForAll', approved)).toBe(true)
  })

  test('has tokens with the decimals that their contracts tell', async () => {
    const told = await Promise.all(
      deployment.tokens.map(async ({ address }) => ({
        symbol: await node.read<string>('token', address, 'symbol'),
        decimals: await node.read<number>('token', address, 'decimals'),
      })),
    )
    expect(told).toEqual(deployment.tokens.map(({ symbol, decimals }) => ({ symbol, decimals })))
    expect(new Set(told.map(({ decimals }) => decimals))).toEqual(new Set([6, 8, 9, 18]))
  })

  test('has pools with dozens of initialised ticks', async () => {
    const counts = await Promise.all(
      deployment.pools
        .filter(({ protocol }) => protocol === 'uniswap-v3')
        .map((pool) => countTicks(node, deployment.tickLens, pool)),
    )
    expect(counts.filter((count) => count >= 24).length).toBeGreaterThanOrEqual(2)
  })

  test('sees every kind of event', () => {
    const seen = new Map<string, number>()
    for (const { address, topics } of logs) {
      const key = `${address} ${topics[0]}`
      seen.set(key, (seen.get(key) ?? 0) + 1)
    }
    const count = (contract: ContractName, eventName: string, emitters: readonly Address[]) => {
      const [topic] = encodeEventTopics({ abi: contracts[contract].abi, eventName })
      return emitters.reduce(
        (sum, emitter) => sum + (seen.get(`${emitter} ${String(topic)}`) ?? 0),
        0,
      )
    }
    const poolsOf = (protocol: DevPool['protocol']) =>
      deployment.pools.filter((pool) => pool.protocol === protocol).map(({ address }) => address)
    const pairs = poolsOf('uniswap-v2')
    const v3Pools = poolsOf('uniswap-v3')

    expect(count('v2Factory', 'PairCreated', [deployment.v2Factory])).toBe(pairs.length)
    expect(count('v3Factory', 'PoolCreated', [deployment.v3Factory])).toBe(v3Pools.length)
    expect(count('v3Pool', 'Initialize', v3Pools)).toBe(v3Pools.length)
    const counts = {
      ...Object.fromEntries(
        ['Sync', 'Swap', 'Mint', 'Burn'].map((name) => [
          `V2 ${name}`,
          count('v2Pair', name, pairs),
        ]),
      ),
      ...Object.fromEntries(
        ['Swap', 'Mint', 'Burn', 'Collect'].map((name) => [
          `V3 ${name}`,
          count('v3Pool', name, v3Pools),
        ]),
      ),
      'ERC-721 Transfer': count('collection', 'Transfer', [deployment.collection]),
      ...Object.fromEntries(
        ['TransferSingle', 'TransferBatch'].map((name) => [
          `ERC-1155 ${name}`,
          count('multiToken', name, [deployment.multiToken]),
        ]),
      ),
    }
    const missing = Object.entries(counts).filter(([, number]) => number === 0)
    expect(missing).toEqual([])
  })

  test('has no failed transaction and several in each block', () => {
    expect(played.flatMap(({ failed }) => failed)).toEqual([])
    expect(Math.min(...played.map(({ transactions }) => transactions))).toBeGreaterThan(3)
  })

  test('has blocks of which none is older than its parent or ahead of the clock, however quickly they come', async () => {
    const head = Number(await node.request('eth_blockNumber'))
    const blocks = await Promise.all(Array.from({ length: head + 1 }, (_, n) => blockAt(node, n)))
    const times = blocks.map(({ timestamp }) => Number(timestamp))
    expect(times).toEqual(times.toSorted((a, b) => a - b))
    expect(times.at(-1)).toBeLessThanOrEqual(Date.now() / 1_000)
    // The deployment has a past of its own, a second a block.
    const past = times.slice(0, deployedBlocks + 1)
    expect(past).toEqual([...new Set(past)])
  })

  test('is not deployed a second time', async () => {
    const head = await node.request('eth_blockNumber')
    expect(await deployDevnet(anvil.url)).toEqual(deployment)
    expect(await node.request('eth_blockNumber')).toBe(head)
  })

  test('goes on after a restart with all that it had', async () => {
    const look = async () => ({
      head: Number(await node.request('eth_blockNumber')),
      blocks: await Promise.all([0, 1, 5, 20].map((number) => blockAt(node, number))),
      receipts: await node.request('eth_getBlockReceipts', ['0x14']),
      logs: await node.request('eth_getLogs', [{ fromBlock: '0x0', toBlock: 'latest' }]),
      prices: await Promise.all(deployment.pools.map((pool) => priceNow(node, pool))),
    })
    const before = await look()
    await anvil.stop()
    expect(isRunning(anvil.pid)).toBe(false)
    await start()
    expect(await look()).toEqual(before)
    expect(await deployDevnet(anvil.url)).toEqual(deployment)
    const more = await tradeBlocks(anvil.url, deployment, BLOCKS_AFTER_RESTART, SEED)
    expect(more.map(({ number }) => number > before.head)).toEqual([true, true, true])
    expect(more.flatMap(({ failed }) => failed)).toEqual([])
    expect(await blockAt(node, 20)).toEqual(before.blocks[3])
  })
})

describe('the anvil process', () => {
  test('saves its chain and ends when the process that started it is killed', async () => {
    const statePath = join(folder, 'orphan.json')
    const script = `
      import { startAnvil } from '#devnet/anvil.ts'
      const { url } = await startAnvil({ statePath: ${JSON.stringify(statePath)} })
      process.stdout.write(url)
      setInterval(() => {}, 1000)`
    const parent = spawn(process.execPath, ['--input-type=module-typescript', '--eval', script], {
      cwd: join(import.meta.dirname, '../..'),
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    const url = await new Promise<string>((resolve) => {
      parent.stdout.once('data', (text: Buffer) => resolve(text.toString()))
    })
    await connect(url).request('evm_mine')
    // Anvil answers a moment before it listens for signals.
    await setTimeout(SIGNALS_HEARD_MS)
    parent.kill('SIGKILL')
    await expect.poll(() => fetch(url).catch(() => 'gone'), { timeout: 5_000 }).toBe('gone')
    await expect.poll(() => existsSync(statePath), { timeout: 5_000 }).toBe(true)
    await using anvil = await startAnvil({ statePath })
    expect(await connect(anvil.url).request('eth_blockNumber')).toBe('0x1')
  })

  test('that cannot start is told of in its own words', async () => {
    const statePath = join(folder, 'damaged.json')
    writeFileSync(statePath, '{"block":')
    await expect(startAnvil({ statePath })).rejects.toThrow(/did not start.*parse/s)
    await expect(startAnvil({ binary: join(folder, 'none') })).rejects.toThrow(/ENOENT/)
  })

  test('leaves nothing running behind', async () => {
    const anvil = await startAnvil()
    await anvil.stop()
    await anvil.stop()
    await anvil.exited
    expect(isRunning(anvil.pid)).toBe(false)
    await expect
      .poll(() => process.getActiveResourcesInfo().filter((name) => name === 'ProcessWrap'))
      .toEqual([])
  })
})

const blockAt = (node: DevNode, number: number): Promise<Block> =>
  node.request<Block>('eth_getBlockByNumber', [`0x${number.toString(16)}`, false])

async function priceNow(node: DevNode, pool: DevPool): Promise<number> {
  if (pool.protocol === 'uniswap-v3') {
    const [sqrtPriceX96] = await node.read<[bigint]>('v3Pool', pool.address, 'slot0')
    return priceOf(sqrtPriceX96)
  }
  const [reserve0, reserve1] = await node.read<[bigint, bigint]>(
    'v2Pair',
    pool.address,
    'getReserves',
  )
  return Number(reserve1) / Number(reserve0)
}

/** Looks at the words of the bitmap around the price. */
async function countTicks(node: DevNode, tickLens: Address, pool: DevPool): Promise<number> {
  const [, tick] = await node.read<[bigint, number]>('v3Pool', pool.address, 'slot0')
  const word = Math.floor(tick / (pool.tickSpacing as number) / 256)
  const ticks = await Promise.all(
    [-3, -2, -1, 0, 1, 2, 3].map((offset) =>
      node.read<unknown[]>('tickLens', tickLens, 'getPopulatedTicksInWord', [
        pool.address,
        word + offset,
      ]),
    ),
  )
  return ticks.flat().length
}

function isRunning(pid: number): boolean {
  try {
    return process.kill(pid, 0)
  } catch {
    return false
  }
}
