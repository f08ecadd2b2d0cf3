import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, expect, test } from 'vitest'
import { createReceiptsRoot } from '#adapters/ethereumjs/receipts-root.ts'
import { keccak, keccakBytes } from '#adapters/hash-wasm/keccak.ts'
import { systemClock } from '#adapters/node/clock.ts'
import { newId } from '#adapters/node/new-id.ts'
import { sha256 } from '#adapters/node/sha256.ts'
import { openSqliteChainStore } from '#adapters/sqlite/chain-store.ts'
import { type View, waypointsOf } from '#core/history/head.ts'
import type { Waypoint } from '#core/history/window.ts'
import { createChainAppender } from '#core/indexing/append-blocks.ts'
import { backfill } from '#core/indexing/backfill.ts'
import { commitPorts } from '#core/indexing/commit.ts'
import { createFakeChain, fakeErc721, fakeSources } from '../fakes/fake-chain.ts'
import { createFakeSource } from '../fakes/fake-source.ts'
import { spawnCli } from './run-cli.ts'

const CHAIN_ID = 31_337
const folder = mkdtempSync(join(tmpdir(), 'halyard-export-'))
afterAll(() => rmSync(folder, { recursive: true }))

test.each([['--help'], ['config', 'schema']])(
  'a reader that has enough closes the pipe of %s %s, which is no failure',
  async (...command) => {
    const { child, done } = spawnCli(command)
    child.stdout?.destroy()
    expect(await done).toMatchObject({ code: 0, stderr: '' })
  },
)

test('an export whose head is left while it is read says so, since what it printed may have holes', async () => {
  const chain = createFakeChain(61, { maxLogs: 40 })
  await chain.mine(150)
  const source = createFakeSource({ blocks: () => chain.blocks })
  const store = openSqliteChainStore(join(folder, 'left.db'))
  const ports = {
    ...commitPorts(store, systemClock, CHAIN_ID),
    sha256,
    newId,
    keccak,
    receiptsRoot: createReceiptsRoot(keccakBytes),
    raw: undefined,
    source,
  }
  const input = { chainId: CHAIN_ID, sources: fakeSources, proof: 'auto' } as const
  const steps = backfill(ports, input, { aborted: false })
  while (!(await steps.next()).done);

  const config = join(folder, 'left.json')
  const settings = {
    chain: { id: CHAIN_ID, rpc: ['http://127.0.0.1:9'] },
    store: 'sqlite:./left.db',
    sources: [{ kind: 'erc721', address: fakeErc721 }],
  }
  writeFileSync(config, JSON.stringify(settings))
  const { child, done } = spawnCli(['export', 'swaps', '--config', config])
  // Nobody reads on: the pipe is full, and the export waits.
  const { stdout } = child
  if (!stdout) throw new Error('a child has an output')
  await once(stdout, 'data')
  stdout.pause()
  const appender = createChainAppender(ports, CHAIN_ID, fakeSources)
  await appender.open()
  await appender.moveBack(waypointsOf(appender.view() as View)[1] as Waypoint)
  stdout.resume()
  const result = await done
  store.close()
  expect(result.code).toBe(69)
  expect(result.stderr).toMatch(/block 149 was swept while it was read; ask again/)
  expect(result.stdout.length).toBeGreaterThan(200_000)
}, 60_000)
