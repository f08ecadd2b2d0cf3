import {
  copyFileSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { type Abi, decodeEventLog, parseAbi } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { TRANSFER, TRANSFER_BATCH, TRANSFER_SINGLE } from '#core/nft/sources.ts'
import { loadRecording, type Recording, type RpcLog } from '../tools/recorded-chain/recording.ts'
import { type RecordedChain, startRecordedChain } from '../tools/recorded-chain/server.ts'
import { loadV2Swaps, loadV3Swaps, type V2Swap, type V3Swap } from '../vectors/load.ts'
import { type CliResult, reportOf, runCli, spawnCli } from './run-cli.ts'

/** The operator's commands, as processes, over HTTP, on 32 real mainnet blocks: every row is right to the wei. */
let folder: string
let chain: RecordedChain
let recording: Recording
let v2: V2Swap[]
let v3: V3Swap[]
let ranges: string
let sources: object[]

type Row = Record<string, string | number | null>

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'halyard-mainnet-'))
  recording = await loadRecording(join(import.meta.dirname, '../vectors/mainnet-blocks.json.br'))
  chain = await startRecordedChain({ recording })
  ;[v2, v3] = await Promise.all([loadV2Swaps(), loadV3Swaps()])
  ranges = recording.blocks.map(({ block }) => Number(block.number)).join(',')
  const pools = new Map<string, object>()
  for (const { pair, token0, token1 } of v2)
    pools.set(pair, {
      kind: 'pool',
      protocol: 'uniswap-v2',
      address: pair,
      token0,
      token1,
      feeBps: 30,
    })
  for (const { pool, token0, token1, fee } of v3)
    pools.set(pool, { kind: 'pool', protocol: 'uniswap-v3', address: pool, token0, token1, fee })
  const collections = new Map<string, object>()
  for (const log of allLogs()) {
    const kind = standardOf(log)
    if (kind) collections.set(log.address, { kind, address: log.address })
  }
  sources = [...pools.values(), ...collections.values()]
}, 60_000)

afterAll(async () => {
  await chain.close()
  rmSync(folder, { recursive: true })
})

const allLogs = (): RpcLog[] => recording.blocks.flatMap(({ logs }) => logs)

function standardOf({ topics }: RpcLog): 'erc721' | 'erc1155' | undefined {
  if (topics[0] === TRANSFER && topics.length === 4) return 'erc721'
  return topics[0] === TRANSFER_SINGLE || topics[0] === TRANSFER_BATCH ? 'erc1155' : undefined
}

/** What viem, as the oracle, makes of a log. */
const argsOf = (abi: Abi, { topics, data }: RpcLog): Record<string, unknown> =>
  decodeEventLog({ abi, topics: topics as [`0x${string}`], data }).args as unknown as Record<
    string,
    unknown
  >

/** A configuration of its own, with an empty store. */
function configure(
  name: string,
  change: { rpc?: string; chainId?: number; more?: object } = {},
): string {
  const path = join(folder, `${name}.json`)
  writeFileSync(
    path,
    JSON.stringify({
      chain: { id: change.chainId ?? 1, rpc: [change.rpc ?? chain.url], finality: 'finalized' },
      store: `sqlite:./${name}.db`,
      sources,
      ...change.more,
    }),
  )
  return path
}

async function rowsOf(subject: string, config: string, ...more: string[]): Promise<Row[]> {
  const result = await runCli('export', subject, '--config', config, ...more)
  expect(result.stderr).toBe('')
  return result.stdout
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => flat(JSON.parse(line) as Record<string, unknown>))
}

/** A line of NDJSON as CSV has it: what is mentioned by its address, a block spread over columns. */
function flat(line: Record<string, unknown>): Row {
  const row: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(line)) {
    if (typeof value !== 'object' || value === null) row[name] = value
    else if ('address' in value) row[name] = value.address
    else {
      const { number, hash, timestamp } = value as {
        number: number
        hash: string
        timestamp: number
      }
      Object.assign(row, { blockNumber: number, blockHash: hash, timestamp })
    }
  }
  return row as Row
}

describe('backfill and export of recorded mainnet blocks', () => {
  let config: string
  let first: CliResult

  beforeAll(async () => {
    config = configure('main')
    first = await runCli('backfill', '--config', config, '--ranges', ranges, '--json')
  }, 60_000)

  test('indexes every block, each with a watched log proven by its receiptsRoot', () => {
    expect(first.code).toBe(0)
    const last = recording.blocks.at(-1)?.block
    expect(reportOf(first)).toMatchObject({
      blocks: 32,
      events: { swap: 445 + 122, transfer: 689 + 23 },
      quarantined: 0,
      watermark: { number: Number(last?.number), hash: last?.hash },
    })
    // What the bloom of a block rules out needs no receipts.
    const traded = new Set([...v2, ...v3].map(({ blockNumber }) => blockNumber))
    expect(chain.requests.eth_getBlockReceipts).toBeGreaterThanOrEqual(traded.size)
  })

  test('each block is told to be proven by its receipts', async () => {
    const { stdout } = await runCli('status', '--config', config, '--json')
    const numbers = recording.blocks.map(({ block }) => Number(block.number))
    const status = JSON.parse(stdout) as {
      proofLevel: string
      proof: { from: number; to: number; level: string }[]
    }
    expect(status.proofLevel).toBe('receipts')
    expect(new Set(status.proof.map(({ level }) => level))).toEqual(new Set(['receipts']))
    const told = status.proof.flatMap(({ from, to }) =>
      Array.from({ length: to - from + 1 }, (_, index) => from + index),
    )
    expect(told).toEqual(numbers.toSorted((a, b) => a - b))
  })

  test('again, and in pieces, it changes nothing and ends with the same digest', async () => {
    const again = reportOf(
      await runCli('backfill', '--config', config, '--ranges', ranges, '--json'),
    )
    const before = reportOf(first)
    expect(again).toMatchObject({
      blocks: 0,
      logs: 0,
      digest: before.digest,
      watermark: before.watermark,
    })
    const pieces = configure('pieces')
    const numbers = ranges.split(',')
    for (const part of [numbers.slice(0, 1), numbers.slice(1, 20), numbers.slice(10)])
      await runCli('backfill', '--config', pieces, '--ranges', part.join(','))
    const last = await runCli('backfill', '--config', pieces, '--ranges', ranges, '--json')
    expect(reportOf(last)).toMatchObject({ blocks: 0, digest: before.digest })
  }, 180_000)

  test('every swap is right to the wei', async () => {
    const rows = await rowsOf('swaps', config)
    const place = (row: Row): string => `${row.transactionHash} ${row.logIndex}`
    const byPlace = new Map(rows.map((row) => [place(row), row]))
    expect(byPlace.size).toBe(567)
    for (const swap of v2) {
      const row = byPlace.get(`${swap.transactionHash} ${swap.logIndex}`)
      expect(row).toMatchObject({
        chainId: 1,
        blockNumber: swap.blockNumber,
        protocol: 'uniswap-v2',
        pool: swap.pair,
        amount0: `${swap.amount0In - swap.amount0Out}`,
        amount1: `${swap.amount1In - swap.amount1Out}`,
        sqrtPriceX96: null,
      })
    }
    for (const swap of v3)
      expect(byPlace.get(`${swap.transactionHash} ${swap.logIndex}`)).toMatchObject({
        protocol: 'uniswap-v3',
        pool: swap.pool,
        amount0: `${swap.amount0}`,
        amount1: `${swap.amount1}`,
        sqrtPriceX96: `${swap.after.sqrtPriceX96}`,
        liquidity: `${swap.after.liquidity}`,
        tick: swap.after.tick,
      })
    const order = rows.map((row) => [Number(row.blockNumber), Number(row.logIndex)] as const)
    expect(order).toEqual(order.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]))
    const headers = new Map(recording.blocks.map(({ block }) => [Number(block.number), block]))
    for (const row of rows) {
      const block = headers.get(Number(row.blockNumber))
      expect(row).toMatchObject({ blockHash: block?.hash, timestamp: Number(block?.timestamp) })
      expect(row.sender).toMatch(/^0x[0-9a-f]{40}$/)
      expect(row.recipient).toMatch(/^0x[0-9a-f]{40}$/)
    }
  })

  test('every pool stands where its last event left it', async () => {
    const rows = new Map((await rowsOf('pools', config)).map((row) => [row.address, row]))
    const lastOf = <T>(swaps: readonly T[], pool: (swap: T) => string) =>
      new Map(swaps.map((swap) => [pool(swap), swap]))
    for (const [address, swap] of lastOf(v2, ({ pair }) => pair)) {
      const later = laterSync(swap)
      expect(rows.get(address)).toMatchObject(
        later ?? { reserve0: `${swap.reserve0After}`, reserve1: `${swap.reserve1After}` },
      )
    }
    for (const [address, swap] of lastOf(v3, ({ pool }) => pool))
      expect(rows.get(address)).toMatchObject({
        sqrtPriceX96: `${swap.after.sqrtPriceX96}`,
        tick: swap.after.tick,
        feePips: swap.fee,
      })
    expect(rows.size).toBe(
      new Set([...v2.map(({ pair }) => pair), ...v3.map(({ pool }) => pool)]).size,
    )
  })

  /** The reserves of a Sync behind a pair's last swap, such as a mint's. */
  function laterSync(swap: V2Swap): { reserve0: string; reserve1: string } | undefined {
    const abi = parseAbi(['event Sync(uint112 reserve0, uint112 reserve1)'])
    const last = allLogs().findLast(
      (log) => log.address === swap.pair && log.topics.length === 1 && log.data.length === 130,
    )
    const isLater =
      last &&
      (Number(last.blockNumber) > swap.blockNumber ||
        (Number(last.blockNumber) === swap.blockNumber && Number(last.logIndex) > swap.logIndex))
    if (!isLater) return undefined
    const args = argsOf(abi, last)
    return { reserve0: String(args.reserve0), reserve1: String(args.reserve1) }
  }

  test('every transfer and every holding is what the logs say', async () => {
    const abi = parseAbi([
      'event Transfer(address indexed from, address indexed to, uint256 indexed tokenId)',
      'event TransferSingle(address indexed operator, address indexed from, address indexed to, uint256 id, uint256 value)',
      'event TransferBatch(address indexed operator, address indexed from, address indexed to, uint256[] ids, uint256[] values)',
    ])
    const expected: string[] = []
    const balances = new Map<string, bigint>()
    /** Of ERC-721: whom the last transfer names. The blocks have gaps, in which tokens moved on. */
    const owners = new Map<string, string>()
    for (const log of allLogs()) {
      const standard = standardOf(log)
      if (!standard) continue
      const args = argsOf(abi, log)
      const from = String(args.from).toLowerCase()
      const to = String(args.to).toLowerCase()
      const ids = (args.ids ?? [args.tokenId ?? args.id]) as bigint[]
      const values = (args.values ?? [args.value ?? 1n]) as bigint[]
      for (const [index, id] of ids.entries()) {
        const value = values[index] as bigint
        expected.push(
          `${log.transactionHash} ${Number(log.logIndex)} ${standard} ${log.address} ${id} ${from} ${to} ${value}`,
        )
        const key = (owner: string): string => `${log.address} ${id} ${owner}`
        const token = `${log.address} ${id}`
        const sender = standard === 'erc721' ? (owners.get(token) ?? from) : from
        owners.set(token, to)
        const had = balances.get(key(sender)) ?? 0n
        // Nobody in these blocks sends first and gets the same back later, so a floor of zero is exact.
        balances.set(key(sender), had > value ? had - value : 0n)
        balances.set(key(to), standard === 'erc721' ? 1n : (balances.get(key(to)) ?? 0n) + value)
      }
    }
    const transfers = await rowsOf('transfers', config)
    const text = (row: Row): string =>
      `${row.transactionHash} ${row.logIndex} ${row.standard} ${row.collection} ${row.tokenId} ${row.from} ${row.to} ${row.amount}`
    expect(transfers.map(text)).toEqual(expected)
    expect(transfers).toHaveLength(712)

    const held = [...balances].filter(
      ([key, amount]) => amount > 0n && !key.endsWith('0'.repeat(40)),
    )
    const holdings = await rowsOf('holdings', config)
    expect(
      new Map(
        holdings.map((row) => [
          `${row.collection} ${row.tokenId} ${row.owner}`,
          BigInt(row.amount ?? 0),
        ]),
      ),
    ).toEqual(new Map(held))
  })

  test('candles hold each trade once in every interval', async () => {
    const candles = await rowsOf('candles', config, '--units', 'raw')
    for (const interval of ['1m', '5m', '1h', '1d']) {
      const mine = candles.filter((row) => row.interval === interval)
      expect(mine.reduce((sum, row) => sum + Number(row.trades), 0)).toBe(567)
    }
    const swap = v3.find(
      ({ pool }) => v3.filter((other) => other.pool === pool).length === 1,
    ) as V3Swap
    const candle = candles.find((row) => row.pool === swap.pool && row.interval === '1m')
    const absolute = (amount: bigint): string => `${amount < 0n ? -amount : amount}`
    expect(candle).toMatchObject({
      volume0: absolute(swap.amount0),
      volume1: absolute(swap.amount1),
    })
    const price = Number(swap.after.sqrtPriceX96) ** 2 / 2 ** 192
    expect(Number(candle?.close) / price).toBeCloseTo(1, 9)
  })

  test('CSV holds the same as NDJSON, and options narrow both', async () => {
    const pool = v2[0]?.pair as string
    const options = [
      '--pool',
      pool.toUpperCase().replace('0X', '0x'),
      '--from',
      '11000000',
      '--to',
      '15000000',
    ]
    const rows = await rowsOf('swaps', config, ...options)
    expect(rows.length).toBeGreaterThan(1)
    expect(rows.every((row) => row.pool === pool && Number(row.blockNumber) >= 11_000_000)).toBe(
      true,
    )
    const csv = await runCli('export', 'swaps', '--config', config, '--format', 'csv', ...options)
    const [header, ...lines] = csv.stdout.trimEnd().split('\r\n')
    expect(header).toBe(Object.keys(rows[0] as Row).join(','))
    expect(lines).toEqual(
      rows.map((row) =>
        Object.values(row)
          .map((cell) => cell ?? '')
          .join(','),
      ),
    )
  })
})

describe('bad input', () => {
  const backfill = (config: string, ...more: string[]): Promise<CliResult> =>
    runCli('backfill', '--config', config, '--ranges', ranges, '--json', ...more)

  const swapToHide = (): V2Swap => v2.find(({ blockNumber }) => blockNumber > 14_000_000) as V2Swap

  test.each([
    ['with a wrong blockHash', { kind: 'wrong-block-hash' as const }],
    ['that is missing', { kind: 'missing-log' as const }],
  ])(
    'a log %s in eth_getLogs alone changes nothing: receipts prove the logs',
    async (_, fault) => {
      const { blockNumber: block, logIndex } = swapToHide()
      chain.setFaults([{ ...fault, block, logIndex }])
      const told = await backfill(configure(`lie-${fault.kind}`))
      chain.setFaults([])
      expect(told.code).toBe(0)
      expect(reportOf(told).digest).toBe(reportOf(await backfill(configure('main'))).digest)
    },
    60_000,
  )

  test('a log that is missing in the receipts too: a clear error, nothing half-written, and the next run goes on', async () => {
    const { blockNumber: block, logIndex } = swapToHide()
    const config = configure('fault-receipts')
    chain.setFaults([{ kind: 'missing-log', receipts: true, block, logIndex }])
    const broken = await backfill(config)
    chain.setFaults([])
    expect(broken.code).toBe(69)
    expect(broken.stderr).toMatch(/receipt|out of its place/)
    expect(broken.stderr).toContain(`${block}`)
    expect(broken.stderr).toMatch(/nothing of them is stored/)
    const stored = await rowsOf('swaps', config).catch(() => [])
    expect(stored.every((row) => Number(row.blockNumber) < block)).toBe(true)
    const healed = await backfill(config)
    expect(healed.code).toBe(0)
    expect(reportOf(healed).digest).toBe(reportOf(await backfill(configure('main'))).digest)
  }, 60_000)

  test('an endpoint of another chain', async () => {
    const result = await backfill(configure('wrong-chain', { chainId: 137 }))
    expect(result.code).toBe(78)
    expect(result.stderr).toMatch(
      /chain\.id: the configuration says 137, but chain\.rpc serves chain 1/,
    )
  })

  test('an endpoint that cannot be reached, whose key is not told to anybody', async () => {
    const rpc = 'http://127.0.0.1:9/v2/averyverysecretkey0123456789'
    const result = await backfill(configure('unreachable', { rpc }))
    expect(result.code).toBe(69)
    expect(result.stderr).toMatch(
      /chain\.rpc: no endpoint gives an answer \(http:\/\/127\.0\.0\.1:9: ECONNREFUSED\)/,
    )
    expect(result.stderr).toMatch(/check that the node runs/)
    expect(result.stderr).not.toContain('secretkey')
  }, 60_000)

  test('a configuration with several faults: all of them at once, each with its path', async () => {
    const path = join(folder, 'faulty.json')
    writeFileSync(
      path,
      JSON.stringify({
        chain: {
          id: 0,
          rpc: ['ftp://x', '${NO_SUCH_VARIABLE_HERE}'],
          finality: 'soon',
          colour: 'red',
        },
        store: 'postgres://x',
        sources: [
          { kind: 'uniswap-v2', factory: '0x12' },
          { kind: 'uniswap-v9' },
          { kind: 'pool', protocol: 'uniswap-v3', address: v3[0]?.pool },
        ],
      }),
    )
    const result = await backfill(path)
    expect(result.code).toBe(78)
    for (const fault of [
      'chain.id: ',
      'chain.rpc[0]: not an http, https, ws or wss URL',
      'chain.rpc[1]: the environment has no variable NO_SUCH_VARIABLE_HERE',
      'chain.finality: "finalized" or a number of blocks',
      'chain.colour: no such setting',
      'store: neither sqlite:PATH nor',
      'sources[0].factory: not an address',
      'sources[1].kind: ',
      'sources[2].token0: ',
      'sources[2].fee: ',
    ])
      expect(result.stderr).toContain(fault)
  })

  test.each([
    ['--ranges', '20-10', /the range 20-10 is inverted; write 10-20/],
    ['--ranges', '10..20', /"10\.\.20" is not a range of blocks/],
    ['--ranges', '99999990-99999999', /reaches beyond the head of the chain, block 19934116/],
    ['--to', '-1', /not a block number|argument missing/],
    ['--nonsense', '1', /unknown option '--nonsense'/],
  ])('%s %s', async (option, value, reason) => {
    const result = await runCli('backfill', '--config', configure('usage'), option, value)
    expect(result.code).toBe(2)
    expect(result.stderr).toMatch(reason)
  })

  test('a file that is not there, and one that is not JSON', async () => {
    const missing = await runCli('backfill', '--config', join(folder, 'nowhere.json'))
    expect(missing).toMatchObject({ code: 78 })
    expect(missing.stderr).toMatch(/nowhere\.json cannot be read \(ENOENT\)/)
    const path = join(folder, 'broken.json')
    writeFileSync(path, '{ "chain": ')
    const broken = await runCli('backfill', '--config', path)
    expect(broken).toMatchObject({ code: 78 })
    expect(broken.stderr).toMatch(/not JSON/)
  })

  test('a database file that is damaged, foreign, or cut short', async () => {
    const config = configure('main')
    const damage: [string, (path: string) => void][] = [
      ['garbage', (path) => writeFileSync(path, 'this is no database at all, only some text')],
      [
        'flipped',
        (path) => {
          const bytes = readFileSync(path)
          bytes.fill(0xff, 8_192, 12_000)
          writeFileSync(path, bytes)
        },
      ],
      ['short', (path) => truncateSync(path, 20_000)],
    ]
    await runCli('backfill', '--config', config, '--ranges', ranges)
    for (const [name, change] of damage) {
      const path = join(folder, `${name}.db`)
      copyFileSync(join(folder, 'main.db'), path)
      change(path)
      const result = await backfill(configure(name))
      expect(result.code, name).toBe(69)
      expect(result.stderr, name).toMatch(/store: the database file .* is damaged/)
      expect(result.stderr, name).toMatch(/move it away and index again/)
    }
  }, 60_000)

  test('a store that was filled from other sources', async () => {
    const few = ranges.split(',').slice(0, 2).join(',')
    await runCli('backfill', '--config', configure('other'), '--ranges', few)
    const all = sources
    sources = all.slice(1)
    const result = await backfill(configure('other'))
    sources = all
    expect(result.code).toBe(78)
    expect(result.stderr).toMatch(/sources: this store was filled from other sources/)
  })

  test('a store that is a folder', async () => {
    const config = configure('folder', { more: { store: 'sqlite:.' } })
    for (const command of [
      ['backfill', '--ranges', ranges],
      ['export', 'swaps'],
    ]) {
      const result = await runCli(...command, '--config', config)
      expect(result.code).toBe(78)
      expect(result.stderr).toMatch(/store: .* is a folder; name a file in it/)
    }
  })

  test('an export of a store that is not there', async () => {
    const result = await runCli('export', 'swaps', '--config', configure('never'))
    expect(result.code).toBe(69)
    expect(result.stderr).toMatch(/there is no file .*never\.db yet/)
  })

  test('every command helps with an example', async () => {
    for (const command of [[], ['backfill'], ['config', 'schema'], ['dev']]) {
      const { code, stdout } = await runCli(...command, '--help')
      expect(code).toBe(0)
      expect(stdout).toMatch(/Examples?:/)
    }
    const schema = await runCli('config', 'schema')
    expect(JSON.parse(schema.stdout)).toMatchObject({ $schema: expect.stringContaining('2020-12') })
  }, 60_000)
})

describe('a backfill that is killed', () => {
  test('at any moment goes on from where it was, and ends with the same digest', async () => {
    const slow = await startRecordedChain({ recording, faults: [{ kind: 'slow', ms: 15 }] })
    try {
      const clean = reportOf(
        await runCli('backfill', '--config', configure('main'), '--ranges', ranges, '--json'),
      )
      const config = configure('killed', { rpc: slow.url })
      for (const ms of [350, 500, 650, 800, 1_000]) {
        const { child, done } = spawnCli(['backfill', '--config', config, '--ranges', ranges])
        setTimeout(() => child.kill('SIGKILL'), ms)
        await done
      }
      const last = await runCli('backfill', '--config', config, '--ranges', ranges, '--json')
      expect(last.code).toBe(0)
      expect(reportOf(last).digest).toBe(clean.digest)
    } finally {
      await slow.close()
    }
  }, 90_000)

  test('by Ctrl-C finishes its commit, says how to go on, and exits with 130', async () => {
    const slow = await startRecordedChain({ recording, faults: [{ kind: 'slow', ms: 60 }] })
    try {
      const { child, done } = spawnCli([
        'backfill',
        '--config',
        configure('stopped', { rpc: slow.url }),
        '--ranges',
        ranges,
      ])
      // It says what it is about to do before it reads the first block.
      child.stderr?.on('data', (text: string) => {
        if (text.includes('blocks to index')) child.kill('SIGINT')
      })
      const result = await done
      expect(result.code).toBe(130)
      expect(result.stderr).toMatch(/stopped; run the same command again to go on/)
    } finally {
      await slow.close()
    }
  }, 60_000)
})
