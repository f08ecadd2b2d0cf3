import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Anvil, DEVNET_CHAIN_ID, startAnvil } from '#devnet/anvil.ts'
import { deployDevnet } from '#devnet/deploy.ts'
import type { Deployment } from '#devnet/deployment.ts'
import { temporaryFolder } from '../servers/programs.ts'
import { tradeBlocks } from '../servers/trade-blocks.ts'
import { runCli } from './run-cli.ts'
import { type App, spawnNode } from './spawn-app.ts'

/** A machine that runs everything at once takes its time. */
const PATIENT = { timeout: 60_000 }

describe('tokens’ words and a node that goes away', () => {
  const folder = temporaryFolder('tokens')
  const started: App[] = []
  let anvil: Anvil
  let deployment: Deployment

  beforeAll(async () => {
    anvil = await startAnvil()
    deployment = await deployDevnet(anvil.url)
    await tradeBlocks(anvil.url, deployment, 10, 'tokens')
  })
  afterEach(async () => {
    for (const { child, end } of started.splice(0)) {
      child.kill('SIGKILL')
      await end
    }
  })
  afterAll(async () => {
    await anvil.stop()
    folder.remove()
  })

  function configFile(name: string): string {
    const { startBlock, v2Factory, v3Factory } = deployment
    const path = join(folder.path, `${name}.json`)
    const config = {
      chain: { id: DEVNET_CHAIN_ID, rpc: [anvil.url], poll: 50 },
      store: `sqlite:./${name}.db`,
      sources: [
        { kind: 'uniswap-v2', factory: v2Factory, startBlock },
        { kind: 'uniswap-v3', factory: v3Factory, startBlock },
      ],
      api: { port: 0, metricsPort: 0 },
      indexer: { metricsPort: 0 },
    }
    writeFileSync(path, JSON.stringify(config))
    return path
  }

  function start(app: 'api' | 'indexer', config: string): App {
    const process = spawnNode(`apps/${app}/main.ts`, '--config', config)
    started.push(process)
    return process
  }

  async function storedTokens(config: string): Promise<any[]> {
    const { stdout } = await runCli('tokens', '--config', config)
    return stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line))
  }

  const isKnown = ({ status }: any): boolean => status === 'known'

  /** Tokens, pools with prices, and candles, as a new API process tells them. */
  async function served(config: string) {
    const app = start('api', config)
    await app.said(/"url":"[^"]+"[^\n]*\n[^\n]*"url"/)
    const { url } = JSON.parse(app.stdout().split('\n')[0] as string)
    const read = async (path: string): Promise<any> => {
      const { items } = await (await fetch(url + path)).json()
      return items
    }
    const pools = await read('/v1/pools?limit=500')
    const traded = pools.filter(({ swapCount }: any) => swapCount > 0)
    const candles = []
    for (const { address } of traded) candles.push(await read(`/v1/pools/${address}/candles`))
    const tokens = await read('/v1/tokens')
    app.child.kill('SIGTERM')
    await app.end
    return { tokens, pools, candles }
  }

  test('an indexer and a backfill store them, and an API begun without a node tells the same as with one', async () => {
    const followed = configFile('followed')
    const indexer = start('indexer', followed)
    await expect
      .poll(async () => {
        const tokens = await storedTokens(followed)
        return tokens.length > 2 && tokens.every(isKnown)
      }, PATIENT)
      .toBe(true)
    indexer.child.kill('SIGTERM')
    expect([await indexer.end, indexer.stderr()]).toEqual([0, ''])

    const filled = configFile('filled')
    const backfill = await runCli('backfill', '--config', filled)
    expect(backfill.code, backfill.stderr).toBe(0)
    const words = ({ address, symbol, name, decimals, status }: any) => ({
      address,
      symbol,
      name,
      decimals,
      status,
    })
    expect((await storedTokens(filled)).map(words)).toEqual(
      (await storedTokens(followed)).map(words),
    )

    const before = await served(filled)
    expect(before.candles.length).toBeGreaterThan(0)
    expect(before.candles.every(([first]: any) => first.priceUnit === 'tokens')).toBe(true)
    for (const { token0, price } of before.pools.filter(({ swapCount }: any) => swapCount > 0)) {
      expect(token0.symbol).toEqual(expect.any(String))
      expect(price).not.toBeNull()
    }
    await anvil.stop()
    expect(await served(filled)).toEqual(before)

    const [token] = await storedTokens(filled)
    const refreshed = await runCli('tokens', '--config', filled, '--refresh', token.address)
    expect(refreshed.code).toBe(69)
    expect(refreshed.stderr).toMatch(/no endpoint gives an answer/)
    expect((await storedTokens(filled))[0]).toEqual(token)
  }, 240_000)
})
