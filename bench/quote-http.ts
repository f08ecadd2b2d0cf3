import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Pool } from 'undici'
import { createLogger } from '#adapters/log/logger.ts'
import { readConfig } from '#api/config.ts'
import { startServer } from '#api/server.ts'
import { wire } from '#api/wire.ts'
import { DEVNET_CHAIN_ID, startAnvil } from '#devnet/anvil.ts'
import { deployDevnet } from '#devnet/deploy.ts'
import type { DevToken } from '#devnet/deployment.ts'
import { connect } from '#devnet/node.ts'
import { readSettings, wireIndexing } from '#cli/wire.ts'
import { backfill } from '#core/indexing/backfill.ts'
import { inFolder } from './measure.ts'

const POLL_MS = 10
const COLD = 60
const WARM = 400
const WARM_UP = 40

/**
 * Quotes over HTTP, on a local chain with the real contracts: each of a block that nobody has asked about yet (the head
 * is asked for, states are read, the transaction is tried out), others of the same block, and the same again.
 */
export async function benchQuotesOverHttp(print: (line: string) => void): Promise<void> {
  await inFolder(async (folder) => {
    await using anvil = await startAnvil()
    const node = connect(anvil.url)
    const { tokens, pools, ...deployment } = await deployDevnet(anvil.url)
    const path = join(folder, 'halyard.json')
    const { v2Factory, v3Factory, startBlock, swapRouter, weth } = deployment
    const config = {
      chain: { id: DEVNET_CHAIN_ID, rpc: [anvil.url], poll: POLL_MS },
      store: 'sqlite:./history.db',
      sources: [
        { kind: 'uniswap-v2', factory: v2Factory, startBlock },
        { kind: 'uniswap-v3', factory: v3Factory, startBlock },
      ],
      api: { port: 0, metricsPort: 0, ratePerSecond: 0 },
      quotes: { router: swapRouter, wrappedNative: weth },
    }
    writeFileSync(path, JSON.stringify(config))
    await index(path)
    // A line a request would be measured too.
    const log = createLogger({ secrets: [], destination: { write: () => true } })
    await using api = await wire(readConfig(path), { log })
    await using server = await startServer(api)
    const client = new Pool(server.url, { connections: 1 })

    const ask = async (amount: bigint, [sold, bought]: readonly DevToken[]): Promise<number> => {
      const query = `tokenIn=${sold?.address}&tokenOut=${bought?.address}&amount=${amount}`
      const startedAt = performance.now()
      const answer = await client.request({ method: 'GET', path: `/v1/quotes?${query}` })
      const text = await answer.body.text()
      const ms = performance.now() - startedAt
      if (answer.statusCode !== 200 || !text.includes('"confirmed"'))
        throw new Error(`a quote failed: ${text.slice(0, 500)}`)
      return ms
    }
    const pair = (round: number): DevToken[] => {
      const token = tokens[1 + (round % (tokens.length - 1))] as DevToken
      return [tokens[0] as DevToken, token]
    }
    const one = 10n ** 17n
    const measure = async (
      count: number,
      before: () => Promise<unknown>,
      amountOf: (round: number) => bigint,
    ): Promise<string> => {
      const times: number[] = []
      for (let round = 0; round < count + WARM_UP; round++) {
        await before()
        const ms = await ask(amountOf(round), pair(round))
        if (round >= WARM_UP) times.push(ms)
      }
      times.sort((a, b) => a - b)
      const at = (share: number): string =>
        `${times[Math.floor(times.length * share)]?.toFixed(2)} ms`
      return `p50 ${at(0.5)}, p90 ${at(0.9)}`
    }
    const mine = async (): Promise<void> => {
      await node.request('evm_mine', [])
      await new Promise((resolve) => setTimeout(resolve, POLL_MS * 2))
    }
    print(`quotes over HTTP, ${pools.length} pools, 20 parts, confirmed by the router's eth_call`)
    const line = (name: string, figures: string): void => print(`  ${name.padEnd(48)} ${figures}`)
    line('of a new block', await measure(COLD, mine, (round) => one + BigInt(round)))
    const nothing = async (): Promise<void> => undefined
    line(
      'another one of the same block',
      await measure(WARM, nothing, (round) => one * 2n + BigInt(round)),
    )
    line('the same one again', await measure(WARM, nothing, () => one))
    await client.close()
  })
}

async function index(path: string): Promise<void> {
  const settings = readSettings(path)
  await using app = await wireIndexing(settings)
  const input = { chainId: settings.chain.id, sources: settings.sources, proof: 'auto' } as const
  const steps = backfill(app.ports, input, { aborted: false })
  while (!(await steps.next()).done);
}
