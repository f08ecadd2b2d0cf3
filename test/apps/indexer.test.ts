import { once } from 'node:events'
import { writeFileSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type ChainRules, rulesByChain, wireEarning } from '#cli/wire-earning.ts'
import { earnPoints, type RuleReport } from '#core/earning/earn-points.ts'
import { explainEarning } from '#core/earning/explain-earning.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { type Anvil, DEVNET_CHAIN_ID, startAnvil } from '#devnet/anvil.ts'
import { deployDevnet } from '#devnet/deploy.ts'
import type { Deployment } from '#devnet/deployment.ts'
import { connect, type DevNode } from '#devnet/node.ts'
import { freePort, temporaryFolder } from '../servers/programs.ts'
import { tradeBlocks } from '../servers/trade-blocks.ts'
import { runCli } from './run-cli.ts'
import { type App, spawnNode } from './spawn-app.ts'

/** A machine that runs everything at once takes its time, and so do pauses before a node is asked again. */
const PATIENT = { timeout: 25_000 }

const folder = temporaryFolder('indexer')
const started: App[] = []
afterEach(async () => {
  for (const { child, end } of started.splice(0)) {
    child.kill('SIGKILL')
    await end
  }
})
afterAll(() => folder.remove())

const ASSET = {
  kind: 'set-asset',
  asset: 'points',
  name: 'Points',
  decimals: 0,
  spendMaxRaw: null,
  spendPerDayMaxRaw: null,
  balanceMaxRaw: null,
  supplyMaxRaw: null,
  expiresAfterMs: null,
} as const

type Running = App & { readonly url: string; readonly lines: () => any[] }

function run(...args: string[]): App {
  const app = spawnNode('apps/indexer/main.ts', ...args)
  started.push(app)
  return app
}

async function running(config: string): Promise<Running> {
  const app = run('--config', config)
  await app.said(/health and metrics listen.*\n/)
  const lines = (): any[] =>
    app
      .stdout()
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  return { ...app, lines, url: lines()[0].url }
}

const probe = async (url: string): Promise<{ status: number; body: any }> => {
  const response = await fetch(url)
  return { status: response.status, body: await response.json() }
}

async function metric({ url }: Running, name: string): Promise<number> {
  const text = await (await fetch(`${url}/metrics`)).text()
  return Number(new RegExp(`^halyard_${name}\\{chain="\\d+"\\} (\\S+)$`, 'm').exec(text)?.[1])
}

function configFile(name: string, settings: object): string {
  const path = join(folder.path, `${name}.json`)
  const config = {
    store: `sqlite:./${name}.db`,
    sources: [{ kind: 'erc721', address: `0x${'1'.repeat(40)}` }],
    indexer: { metricsPort: 0 },
    ...settings,
  }
  writeFileSync(path, JSON.stringify(config))
  return path
}

/** What a store holds: its newest block, and the digest of all that came from it and those before. */
async function holdings(name: string) {
  const store = openSqliteChainStore(join(folder.path, `${name}.db`))
  try {
    const head = await store.heads.latest(DEVNET_CHAIN_ID)
    return { number: head?.number, hash: head?.hash, digest: head?.digest, covers: head?.coverage }
  } finally {
    store.close()
  }
}

describe('an indexer that follows a chain', () => {
  let anvil: Anvil
  let node: DevNode
  let deployment: Deployment
  let indexer: Running
  const statePath = join(folder.path, 'chain.json')

  beforeAll(async () => {
    anvil = await startAnvil({ statePath })
    node = connect(anvil.url)
    deployment = await deployDevnet(anvil.url)
    await trade(10, 'first')
  })
  afterAll(() => anvil.stop())

  const configOf = (name: string, settings: object = {}): string => {
    const { startBlock, v2Factory, v3Factory, collection, multiToken } = deployment
    return configFile(name, {
      chain: { id: DEVNET_CHAIN_ID, rpc: [anvil.url], poll: 50 },
      sources: [
        { kind: 'uniswap-v2', factory: v2Factory, startBlock },
        { kind: 'uniswap-v3', factory: v3Factory, startBlock },
        { kind: 'erc721', address: collection, startBlock },
        { kind: 'erc1155', address: multiToken, startBlock },
      ],
      ...settings,
    })
  }

  /** One for each pool, from yesterday on. */
  const rules = (): object[] =>
    deployment.pools.map(({ address }, index) => ({
      kind: 'swap-volume',
      name: `pool-${index}`,
      pool: address,
      side: 0,
      points: '1',
      per: '1000000',
      startsAt: new Date(Date.now() - 86_400_000).toISOString().slice(0, 10),
    }))

  /** What earning has done, over all rules. */
  function sumOf(reports: readonly RuleReport[]) {
    const sum = { earned: 0, confirmed: 0, retracted: 0, refused: 0, astray: 0 }
    for (const report of reports) {
      for (const what of ['earned', 'confirmed', 'retracted', 'refused'] as const)
        sum[what] += report[what]
      sum.astray += report.astray.length
    }
    return sum
  }

  const trade = (blocks: number, seed: string) => tradeBlocks(anvil.url, deployment, blocks, seed)

  const chainHead = async (): Promise<number> => Number(await node.request('eth_blockNumber'))
  const caughtUp = async (): Promise<void> => {
    const head = await chainHead()
    await expect.poll(() => metric(indexer, 'head_block'), PATIENT).toBeGreaterThanOrEqual(head)
  }

  /** Begins with an empty store, takes what the chain has now, and is compared with what the follower has. */
  async function expectSameAsAfresh(name: string): Promise<void> {
    indexer.child.kill('SIGTERM')
    expect([await indexer.end, indexer.stderr()]).toEqual([0, ''])
    const backfilled = await runCli('backfill', '--config', configOf(name))
    expect(backfilled.code, backfilled.stderr).toBe(0)
    const followed = await holdings('followed')
    expect(followed.number).toBe(await chainHead())
    expect(followed).toEqual(await holdings(name))
  }

  test('catches up with what happened before, goes on with what happens, and stops when told', async () => {
    indexer = await running(configOf('followed'))
    await caughtUp()
    await trade(5, 'second')
    await caughtUp()
    expect(await probe(`${indexer.url}/live`)).toEqual({ status: 200, body: { status: 'live' } })
    expect(await probe(`${indexer.url}/ready`)).toEqual({ status: 200, body: { status: 'ready' } })
    expect((await probe(`${indexer.url}/endpoints`)).body).toMatchObject([
      { state: 'ok', blockReceipts: true, batchCalls: 100 },
    ])
    expect((await probe(`${indexer.url}/`)).status).toBe(404)
    expect((await fetch(`${indexer.url}/live`, { method: 'POST' })).status).toBe(405)
    await expect.poll(() => metric(indexer, 'lag_blocks'), PATIENT).toBe(0)
    expect(await metric(indexer, 'indexed_blocks_total')).toBe(await chainHead())
    expect(await metric(indexer, 'indexed_logs_total')).toBeGreaterThan(100)
    await expectSameAsAfresh('fresh-before')
    expect(indexer.lines().at(-1)).toMatchObject({ msg: 'stopping', signal: 'SIGTERM' })
  })

  test('moves back when the chain is reorganised, and has then what a fresh one has', async () => {
    indexer = await running(configOf('followed'))
    const before = await chainHead()
    await caughtUp()
    const swaps = await metric(indexer, 'indexed_logs_total')
    const config = configOf('followed', {
      records: 'sqlite:./points.db',
      points: { rules: rules() },
    })
    await using points = await wireEarning(config, rulesByChain(config)[0] as ChainRules)
    const { ports, input } = points
    await ports.clerk.submit({ scope: 'tests', key: 'asset', actor: 'tester', operation: ASSET })
    const first = await runCli('points', 'earn', '--config', config)
    expect(first.code, first.stderr).toBe(0)
    const earned = sumOf(
      first.stdout
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line)),
    )
    expect(earned).toMatchObject({ confirmed: 0, retracted: 0, refused: 0, astray: 0 })
    expect(earned.earned).toBeGreaterThan(5)
    // Empty blocks in place of six with trades; the node that says so must have got on since.
    await node.request('anvil_reorg', [6, []])
    await trade(4, 'other branch')
    await expect.poll(() => metric(indexer, 'reorgs_total'), PATIENT).toBe(1)
    await caughtUp()
    expect(await metric(indexer, 'reorged_blocks_total')).toBeGreaterThanOrEqual(6)
    expect(await metric(indexer, 'indexed_logs_total')).toBeGreaterThan(swaps)
    expect(await chainHead()).toBe(before + 4)
    // Points of swaps that are not on the chain any more are taken back, and those of the new branch earned.
    const anew = sumOf(await earnPoints(ports, input))
    expect(anew).toMatchObject({ confirmed: 0, refused: 0, astray: 0 })
    expect(anew.retracted).toBeGreaterThan(0)
    expect(sumOf(await earnPoints(ports, input))).toMatchObject({ earned: 0, retracted: 0 })
    expect(await auditLedger(ports, 'points')).toMatchObject({ breaches: [] })
    const holds = await ports.store.walkDocuments('points', 'hold', undefined, 1_000)
    const open = holds.find(({ body }) => body.includes('"state":"open"'))
    const explained = await explainEarning(ports, input, open?.id ?? '')
    expect(explained).toMatchObject({ verdict: 'same', counted: { amountRaw: expect.any(BigInt) } })
    await expectSameAsAfresh('fresh-after-reorg')
    expect(indexer.lines()).toContainEqual(
      expect.objectContaining({ msg: expect.stringMatching(/^reorganised: back from block/) }),
    )
  })

  test('waits at its head while the chain is shorter, and takes the branch that grows past it', async () => {
    const snapshot = await node.request('evm_snapshot')
    await trade(4, 'a branch that dies')
    indexer = await running(configOf('followed'))
    await caughtUp()
    const abandoned = await chainHead()
    await node.request('evm_revert', [snapshot])
    await expect.poll(() => metric(indexer, 'chain_block'), PATIENT).toBe(abandoned - 4)
    expect(await metric(indexer, 'head_block')).toBe(abandoned)
    expect(await metric(indexer, 'reorgs_total')).toBe(0)
    await trade(7, 'the branch that lives')
    await expect.poll(() => metric(indexer, 'reorgs_total'), PATIENT).toBe(1)
    await caughtUp()
    await expectSameAsAfresh('fresh-after-revert')
  })

  test('is degraded while its node is away, serves its probes, and goes on when the node is back', async () => {
    indexer = await running(configOf('followed'))
    await caughtUp()
    const head = await metric(indexer, 'head_block')
    const { url } = anvil
    await anvil.stop()
    await expect
      .poll(async () => (await probe(`${indexer.url}/ready`)).body, PATIENT)
      .toEqual({ status: 'degraded', reason: expect.stringContaining(`${url}: ECONNREFUSED`) })
    expect((await probe(`${indexer.url}/ready`)).status).toBe(503)
    expect(await probe(`${indexer.url}/live`)).toEqual({ status: 200, body: { status: 'live' } })
    expect(await metric(indexer, 'degraded_total')).toBeGreaterThan(0)
    expect(await metric(indexer, 'head_block')).toBe(head)
    anvil = await startAnvil({ statePath, port: Number(new URL(url).port) })
    node = connect(anvil.url)
    await trade(3, 'third')
    await expect.poll(async () => (await probe(`${indexer.url}/ready`)).status, PATIENT).toBe(200)
    await caughtUp()
    expect(await metric(indexer, 'head_block')).toBe(head + 3)
    await expectSameAsAfresh('fresh-after-outage')
  }, 60_000)

  test('finds by an audit what was edited in its store, and the commands that it names find and mend it', async () => {
    const settings = {
      chain: { id: DEVNET_CHAIN_ID, rpc: [anvil.url], poll: 50, finality: 1 },
      indexer: { metricsPort: 0, audit: 1 },
    }
    const config = configOf('audited', settings)
    indexer = await running(config)
    await caughtUp()
    await expect.poll(() => metric(indexer, 'audited_blocks_total'), PATIENT).toBeGreaterThan(0)
    expect(await metric(indexer, 'audit_mismatches_total')).toBe(0)
    expect((await probe(`${indexer.url}/ready`)).body).toEqual({ status: 'ready' })
    const db = new DatabaseSync(join(folder.path, 'audited.db'))
    const last = (await chainHead()) - 1
    db.exec(`PRAGMA busy_timeout = 5000; DELETE FROM event_swap WHERE number <= ${last}`)
    db.close()
    await expect.poll(() => metric(indexer, 'audit_mismatches_total'), PATIENT).toBeGreaterThan(0)
    const { status, body } = await probe(`${indexer.url}/ready`)
    expect(status).toBe(200)
    expect(body).toMatchObject({
      status: 'degraded',
      reason: expect.stringMatching(/^blocks \d+.*: halyard reindex --from \d+ --to \d+ --apply/),
    })
    // It goes on all the same.
    await trade(1, 'after an edit')
    await caughtUp()
    const told = indexer.lines().find(({ mismatches }) => mismatches !== undefined)
    expect(told).toMatchObject({
      msg: `block ${told.block} is not stored as the chain proves it; mend it: halyard reindex --from ${told.block} --to ${told.block} --apply`,
      mismatches: expect.arrayContaining([expect.stringContaining('stored nothing; the chain')]),
    })
    indexer.child.kill('SIGTERM')
    expect([await indexer.end, indexer.stderr()]).toEqual([0, ''])

    const found = await runCli('verify', '--against-chain', '--all', '--config', config)
    expect(found.code).toBe(70)
    expect(found.stdout).toMatch(/^differs: block \d+, log \d+: stored nothing; the chain proves /m)
    const [, from] = /^mend it: halyard reindex --from (\d+)/m.exec(found.stdout) ?? []
    expect(Number(from)).toBeGreaterThan(0)
    const range = ['--from', String(from), '--to', String(last)]
    const mended = await runCli('reindex', ...range, '--apply', '--config', config)
    expect(mended.code, mended.stderr).toBe(0)
    const again = await runCli('verify', '--against-chain', '--all', '--config', config, '--json')
    expect(again.code, again.stdout).toBe(0)
    expect(JSON.parse(again.stdout).blocks).toMatchObject({
      level: 'receipts',
      mismatchCount: 0,
    })
    const sample = await runCli(
      'verify',
      '--against-chain',
      '--sample',
      '3',
      '--config',
      config,
      '--json',
    )
    expect(JSON.parse(sample.stdout).blocks).toMatchObject({ blocks: 3, mismatches: [] })
    const wrong = await runCli('verify', '--all', '--config', config)
    expect([wrong.code, wrong.stderr]).toEqual([
      2,
      expect.stringContaining('--all goes with --against-chain'),
    ])
  }, 120_000)

  test('takes a block as soon as it is told of by WebSocket, however rarely it polls', async () => {
    const config = configFile('told', {
      chain: {
        id: DEVNET_CHAIN_ID,
        rpc: [anvil.url.replace('http', 'ws'), anvil.url],
        poll: 600_000,
      },
    })
    indexer = await running(config)
    await caughtUp()
    // Those that come before it has subscribed are found when the next one is told of.
    await expect
      .poll(async () => {
        await node.request('evm_mine')
        return (await metric(indexer, 'head_block')) + 3 > (await chainHead())
      }, PATIENT)
      .toBe(true)
    for (let blocks = 0; blocks < 3; blocks++) {
      await node.request('evm_mine')
      await caughtUp()
    }
    expect(await metric(indexer, 'head_delay_seconds')).toBeLessThan(60)
    indexer.child.kill('SIGTERM')
    expect([await indexer.end, indexer.stderr()]).toEqual([0, ''])
  })

  test('ends with 78 where the node serves another chain', async () => {
    const chain = { id: 1, rpc: [anvil.url] }
    const { end, stderr } = run('--config', configFile('other-chain', { chain }))
    expect(await end).toBe(78)
    expect(stderr()).toMatch(/chain\.id: the configuration says 1, but chain\.rpc serves .*31337/)
  })

  test('ends with 69 where its port is taken', async () => {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const { end, stderr } = run(
      '--config',
      configFile('taken', {
        chain: { id: DEVNET_CHAIN_ID, rpc: [anvil.url] },
        indexer: { metricsPort: port },
      }),
    )
    expect(await end).toBe(69)
    expect(stderr()).toMatch(
      new RegExp(`^halyard-indexer: indexer\\.metricsPort: 127\\.0\\.0\\.1:${port} .*EADDRINUSE`),
    )
    server.close()
  })
})

describe('an indexer', () => {
  test('waits for a node that cannot be reached, is not ready meanwhile, and stops when told', async () => {
    const rpc = [`http://127.0.0.1:${await freePort()}/a-key-0123456789`]
    const indexer = await running(configFile('unreachable', { chain: { id: 1, rpc } }))
    expect((await probe(`${indexer.url}/ready`)).status).toBe(503)
    await expect
      .poll(async () => (await probe(`${indexer.url}/ready`)).body, PATIENT)
      .toMatchObject({
        status: 'degraded',
        reason: expect.stringContaining('check that the node runs'),
      })
    expect((await probe(`${indexer.url}/live`)).status).toBe(200)
    indexer.child.kill('SIGTERM')
    expect([await indexer.end, indexer.stderr()]).toEqual([0, ''])
    expect(indexer.stdout()).not.toContain('a-key')
  })

  test.each([
    ['an option that there is not', 2, () => ['--prot', '1'], /Usage:/],
    ['no configuration file', 78, () => ['-c', join(folder.path, 'none.json')], /cannot be read/],
    [
      'a fault in the configuration',
      78,
      () => ['-c', configFile('faulty', { chain: { id: 1 } })],
      /chain\.rpc/,
    ],
  ])('ends with its own exit code for %s', async (_name, code, args, message) => {
    const { end, stderr } = run(...args())
    expect(await end).toBe(code)
    expect(stderr()).toMatch(message)
    expect(stderr()).not.toMatch(/^\s+at /m)
  })

  test('--help tells what there is', async () => {
    const { end, stdout } = run('--help')
    expect(await end).toBe(0)
    expect(stdout()).toContain('--config')
  })
})
