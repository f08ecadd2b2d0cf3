import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { type Anvil, DEVNET_CHAIN_ID, startAnvil } from '#devnet/anvil.ts'
import { deployDevnet } from '#devnet/deploy.ts'
import { documentTable } from '#adapters/sqlite/schema.ts'
import { poolDocuments } from '#core/dex/pool.ts'
import { tickDocuments } from '#core/dex/tick.ts'
import { decodeDocument, type DocumentSpec, encodeDocument } from '#core/history/document.ts'
import { holdingDocuments, ownershipDocuments } from '#core/nft/holding.ts'
import type { StateDifference } from '#core/operations/chain-states.ts'
import { addressOf } from '../fakes/encode.ts'
import { temporaryFolder } from '../servers/programs.ts'
import { tradeBlocks } from '../servers/trade-blocks.ts'
import { runCli } from './run-cli.ts'

/** What is stored of pools and NFTs against the real contracts of a local chain. */
const folder = temporaryFolder('verify-chain')
const store = join(folder.path, 'states.db')
const config = join(folder.path, 'states.json')
let anvil: Anvil

beforeAll(async () => {
  anvil = await startAnvil({ statePath: join(folder.path, 'chain.json') })
  const deployment = await deployDevnet(anvil.url)
  await tradeBlocks(anvil.url, deployment, 12, 'states')
  const { startBlock, v2Factory, v3Factory, collection, multiToken } = deployment
  writeFileSync(
    config,
    JSON.stringify({
      chain: { id: DEVNET_CHAIN_ID, rpc: [anvil.url], finality: 2 },
      store: 'sqlite:./states.db',
      sources: [
        { kind: 'uniswap-v2', factory: v2Factory, startBlock },
        { kind: 'uniswap-v3', factory: v3Factory, startBlock },
        { kind: 'erc721', address: collection, startBlock },
        { kind: 'erc1155', address: multiToken, startBlock },
      ],
    }),
  )
  const { code, stderr } = await runCli('backfill', '--config', config)
  expect(code, stderr).toBe(0)
}, 120_000)
afterAll(async () => {
  await anvil.stop()
  folder.remove()
})

type Compared = { compared: number; unanswered: string[]; differences: StateDifference[] }
type Verified = {
  blocks: { blocks: number; mismatchCount: number }
  states: { block: number; pools: Compared; tokens: Compared }
}

async function verified(...more: string[]): Promise<Verified & { code: number | null }> {
  const { code, stdout } = await runCli(
    'verify',
    '--against-chain',
    '--json',
    '--config',
    config,
    ...more,
  )
  return { ...(JSON.parse(stdout) as Verified), code }
}

/** Changes the first document of a kind that `change` changes, as by hand; gives what changes it back. */
function edit<T extends object>(
  spec: DocumentSpec<T>,
  change: (value: T) => T | undefined,
): () => void {
  const table = documentTable(spec.kind)
  const db = new DatabaseSync(store)
  const set = (from: string, to: string): void => {
    const update = db.prepare(`UPDATE ${table} SET body = ? WHERE body = ?`)
    expect(update.run(to, from).changes).toBe(1)
  }
  for (const { body } of db.prepare(`SELECT body FROM ${table}`).all()) {
    const text = String(body)
    const changed = change(decodeDocument(spec, text))
    if (!changed) continue
    const edited = encodeDocument(spec, changed)
    set(text, edited)
    return () => {
      set(edited, text)
      db.close()
    }
  }
  throw new Error(`there is no such document in ${table}`)
}

describe('states that are stored', () => {
  test('are those of the contracts, every pool, tick, owner and balance', async () => {
    const { code, blocks, states } = await verified('--all')
    expect(states.pools.differences).toEqual([])
    expect(states.tokens.differences).toEqual([])
    expect(code).toBe(0)
    expect(blocks.mismatchCount).toBe(0)
    expect(states.pools.compared).toBeGreaterThan(4)
    expect(states.tokens.compared).toBeGreaterThan(10)
    expect([...states.pools.unanswered, ...states.tokens.unanswered]).toEqual([])
  }, 60_000)

  test('are compared as a sample, and as of a block that is final', async () => {
    const { states } = await verified('--sample', '2')
    expect([states.pools.compared, states.tokens.compared]).toEqual([2, 2])
    const final = states.block - 2
    const before = await verified('--all', '--block', String(final))
    expect(before.code).toBe(0)
    expect(before.states.block).toBe(final)
    expect(before.states.pools.compared).toBeGreaterThan(4)
    const { code, stderr } = await runCli(
      'verify',
      '--against-chain',
      '--block',
      '1',
      '--config',
      config,
    )
    expect(stderr).toMatch(
      /^halyard: --block: the store has its states as of the blocks from \d+ to \d+/,
    )
    expect(code).toBe(2)
  }, 60_000)

  test('that were edited by hand are found, with both values and the command that mends them', async () => {
    const back = [
      edit(poolDocuments, (pool) =>
        pool.protocol === 'uniswap-v2' && pool.reserve0
          ? { ...pool, reserve0: pool.reserve0 + 1n }
          : undefined,
      ),
      edit(poolDocuments, (pool) =>
        pool.protocol === 'uniswap-v3' && pool.liquidity
          ? { ...pool, liquidity: pool.liquidity - 1n, tick: (pool.tick ?? 0) + 1 }
          : undefined,
      ),
      edit(tickDocuments, (tick) =>
        tick.liquidityGross > 0n ? { ...tick, liquidityNet: tick.liquidityNet + 5n } : undefined,
      ),
      edit(ownershipDocuments, (token) => ({ ...token, owner: addressOf(0xeee) })),
      edit(holdingDocuments, (holding) =>
        holding.standard === 'erc1155' && holding.amount > 0n
          ? { ...holding, amount: holding.amount + 7n }
          : undefined,
      ),
      edit(holdingDocuments, (holding) =>
        holding.standard === 'erc721' && holding.amount === 1n
          ? { ...holding, amount: 0n }
          : undefined,
      ),
    ]
    const { code, states } = await verified('--all')
    expect(code).toBe(70)
    const { pools, tokens } = states
    const fieldsOf = ({ differences }: Compared): string[] =>
      differences.map(({ field }) => field.replace(/ 0x.*| -?\d+$/, '')).toSorted()
    expect(fieldsOf(pools)).toEqual(['liquidity', 'liquidityNet of tick', 'reserve0', 'tick'])
    expect(fieldsOf(tokens)).toEqual(['amount of', 'amount of', 'owner'])
    const reserve = pools.differences.find(({ field }) => field === 'reserve0')
    expect(reserve?.of).toMatch(/^pool 0x[0-9a-f]{40}$/)
    expect(BigInt(reserve?.stored ?? 0)).toBe(BigInt(reserve?.chain ?? 0) + 1n)
    const { stdout } = await runCli('verify', '--against-chain', '--all', '--config', config)
    expect(stdout).toMatch(
      /^differs: pool 0x[0-9a-f]{40}: reserve0 is stored as \d+, the chain has \d+$/m,
    )
    expect(stdout).toMatch(/^differs: token \d+ of 0x[0-9a-f]{40}: owner is stored as 0x0+eee, /m)
    expect(stdout).toContain('halyard derive --projection pools ticks holdings')
    for (const undo of back.toReversed()) undo()
    expect((await verified('--all')).code).toBe(0)
  }, 60_000)
})
