import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { createFakeChain, fakeErc721, type FakeChain } from '../fakes/fake-chain.ts'
import {
  type FakeNode,
  type FakeNodeOptions,
  NodeError,
  startFakeNode,
} from '../fakes/fake-node.ts'
import { temporaryFolder } from '../servers/programs.ts'
import { runCli } from './run-cli.ts'

const folder = temporaryFolder('config-check')
afterAll(() => folder.remove())
const nodes: FakeNode[] = []
afterEach(async () => {
  for (const node of nodes.splice(0)) await node.close()
})

let chain: FakeChain
beforeAll(async () => {
  chain = createFakeChain(91)
  await chain.mine(20)
})

async function nodeOf(options: Partial<FakeNodeOptions> = {}): Promise<string> {
  const { hooks = {}, ...rest } = options
  const node = await startFakeNode({
    blocks: () => chain.blocks,
    ...rest,
    hooks: {
      ...hooks,
      call(method, params, answer) {
        if (method === 'eth_getCode')
          return params[0] === fakeErc721 && params[1] === 'latest' ? '0x6001' : '0x'
        return hooks.call ? hooks.call(method, params, answer) : answer()
      },
    },
  })
  nodes.push(node)
  return node.url
}

function configOf(rpc: readonly string[], more: object = {}): string {
  const path = join(folder.path, 'halyard.json')
  const sources = [{ kind: 'erc721', address: fakeErc721, startBlock: 3 }]
  writeFileSync(path, JSON.stringify({ chain: { id: 31_337, rpc }, sources, ...more }))
  return path
}

const check = (path: string, ...more: string[]) =>
  runCli('config', 'check', '--config', path, ...more)

describe('config check tries what a configuration names', () => {
  test('and says what each endpoint is able to do', async () => {
    const small = await nodeOf({
      hooks: {
        call(method, params, answer) {
          if (method === 'eth_getBlockReceipts') throw new NodeError(-32_601, 'Method not found')
          if (params[0] === 'finalized') throw new NodeError(-39_001, 'Unknown block')
          return answer()
        },
        http(body, response) {
          if (!Array.isArray(body)) return false
          response.writeHead(405).end('no')
          return true
        },
      },
    })
    const { code, stdout } = await check(configOf([await nodeOf(), small]))
    const lines = stdout.split('\n')
    expect(lines[1]).toMatch(
      /^chain\.rpc\[0\] http.* warning +chain 31337, block 19, .*final to 16, batches, receipts by block/,
    )
    expect(lines[2]).toMatch(
      /^chain\.rpc\[1\] .*nothing final, no batches, receipts by transaction.*chain\.finality/,
    )
    expect(lines[3]).toMatch(/^sources\[0\] erc721 0x.* ok +a contract, from block 3$/)
    expect(lines[4]).toMatch(/^store sqlite +ok +not there yet/)
    expect(code).toBe(0)
  })

  test('and ends with 78 for another chain, and for a source that is no contract', async () => {
    const other = await nodeOf({ chainId: 5 })
    const wrong = await check(configOf([other]))
    expect(wrong.stdout).toMatch(/chain\.rpc\[0\] .* fault +serves chain 5; chain\.id says 31337/)
    expect(wrong.code).toBe(78)
    const sources = [{ kind: 'erc721', address: `0x${'1'.repeat(40)}` }]
    const nowhere = await check(configOf([await nodeOf()], { sources }))
    expect(nowhere.stdout).toMatch(/sources\[0\] .* fault +there is no contract at this address/)
    expect(nowhere.code).toBe(78)
  })

  test('and ends with 69 for what is away, as JSON too; --offline reads the file alone', async () => {
    const path = configOf(['http://127.0.0.1:1/v2/0123456789abcdef0123'])
    const away = await check(path, '--json')
    expect(away.code).toBe(69)
    expect(away.stdout).not.toContain('0123456789abcdef')
    expect(JSON.parse(away.stdout)).toMatchObject([
      { what: 'chain.rpc[0] http://127.0.0.1:1', state: 'away', detail: expect.any(String) },
      { what: 'store sqlite', state: 'ok' },
      { what: 'records sqlite', state: 'ok' },
    ])
    expect((await check(path, '--offline')).code).toBe(0)
  })
})
