import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { createFakeChain, fakeErc721, type FakeChain } from '../fakes/fake-chain.ts'
import { type FakeNode, startFakeNode } from '../fakes/fake-node.ts'
import { temporaryFolder } from '../servers/programs.ts'
import { reportOf, runCli } from './run-cli.ts'
import { type App, spawnNode } from './spawn-app.ts'

const folder = temporaryFolder('source-warnings')
const nodes: FakeNode[] = []
const started: App[] = []
afterEach(async () => {
  for (const { child, end } of started.splice(0)) {
    child.kill('SIGKILL')
    await end
  }
  for (const node of nodes.splice(0)) await node.close()
})
afterAll(() => folder.remove())

let chain: FakeChain
beforeAll(async () => {
  chain = createFakeChain(92)
  await chain.mine(20)
})

/** A configuration of one collection, at whose address the node has this code. */
async function configOf(name: string, code: string): Promise<string> {
  const node = await startFakeNode({
    blocks: () => chain.blocks,
    hooks: {
      call(method, params, answer) {
        if (method === 'eth_getCode') return params[1] === 'latest' ? code : '0x'
        if (method === 'eth_getStorageAt') return `0x${'0'.repeat(64)}`
        return answer()
      },
    },
  })
  nodes.push(node)
  const path = join(folder.path, `${name}.json`)
  writeFileSync(
    path,
    JSON.stringify({
      chain: { id: 31_337, rpc: [node.url], poll: 50 },
      store: `sqlite:./${name}.db`,
      sources: [{ kind: 'erc721', address: fakeErc721, startBlock: 3 }],
      indexer: { metricsPort: 0 },
    }),
  )
  return path
}

const NO_CONTRACT = `sources[0] ${fakeErc721}: there is no contract at this address: check the address, chain.id and chain.rpc`

test('a backfill of a source that cannot be right says so while it runs and in its report, and goes on', async () => {
  const result = await runCli('backfill', '--config', await configOf('nothing', '0x'), '--json')
  expect(result.code).toBe(0)
  expect(result.stderr).toContain(`warning: ${NO_CONTRACT}`)
  expect(result.stderr).toContain(`halyard: ${NO_CONTRACT}`)
  expect(reportOf(result)).toMatchObject({ sourceWarnings: [NO_CONTRACT] })
  expect(reportOf(result)['blocks']).toBeGreaterThan(0)
})

test('a backfill of sources that can be right says nothing of them', async () => {
  const result = await runCli('backfill', '--config', await configOf('right', '0x6001'), '--json')
  expect(result.code).toBe(0)
  expect(result.stderr).not.toContain('sources[0]')
  expect(reportOf(result)).toMatchObject({ sourceWarnings: [] })
})

test('an indexer of a source that cannot be right says so in its log, and follows the chain', async () => {
  const path = await configOf('followed', '0x')
  const app = spawnNode('apps/indexer/main.ts', '--config', path)
  started.push(app)
  await app.said(/there is no contract at this address/)
  const line = app
    .stdout()
    .split('\n')
    .find((each) => each.includes('no contract'))
  expect(JSON.parse(line ?? '')).toMatchObject({ level: 'warn', msg: NO_CONTRACT })
  app.child.kill('SIGTERM')
  expect(await app.end).toBe(0)
})
