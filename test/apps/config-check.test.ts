import { chmodSync, mkdirSync, writeFileSync } from 'node:fs'
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

/** What code calls its functions by, as far as these contracts have any. */
const router = { address: `0x${'a1'.repeat(20)}`, code: '0x635ae401dc' }
const wrapped = { address: `0x${'a2'.repeat(20)}`, code: '0x63d0e30db0632e1a7d4d' }
const codes: Readonly<Record<string, string>> = {
  [fakeErc721]: '0x6001',
  [router.address]: router.code,
  [wrapped.address]: wrapped.code,
}
/** Addresses whose code was asked for, each with its block. */
let askedCodes: string[] = []

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
        if (method === 'eth_getCode') {
          askedCodes.push(`${params[0]} ${params[1]}`)
          return params[1] === 'latest' ? (codes[String(params[0])] ?? '0x') : '0x'
        }
        if (method === 'eth_getStorageAt') return `0x${'0'.repeat(64)}`
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

  test('the contracts of quotes too, which must be there and have the functions that are called', async () => {
    askedCodes = []
    const quotes = { router: router.address, wrappedNative: wrapped.address }
    const good = await check(configOf([await nodeOf()], { quotes }))
    expect(good.stdout).toMatch(/^quotes\.router 0xa1\S+ +ok +a contract$/m)
    expect(good.stdout).toMatch(/^quotes\.wrappedNative 0xa2\S+ +ok +a contract$/m)
    expect(good.code).toBe(0)
    expect(new Set(askedCodes).size).toBe(askedCodes.length)
    // The two swapped: both are contracts, and neither is what it should be.
    const swapped = { router: wrapped.address, wrappedNative: router.address }
    const odd = await check(configOf([await nodeOf()], { quotes: swapped }))
    expect(odd.stdout).toMatch(/^quotes\.router .* warning +its code does not have multicall/m)
    expect(odd.stdout).toMatch(/^quotes\.wrappedNative .* warning +its code does not have deposit/m)
    expect(odd.code).toBe(0)
    const nobody = `0x${'0'.repeat(39)}1`
    const other = `0x${'0'.repeat(39)}2`
    for (const [field, more] of [
      ['quotes.router', { quotes: { router: nobody } }],
      ['quotes.wrappedNative', { quotes: { wrappedNative: nobody } }],
      ['quotes.hubs[1]', { quotes: { hubs: [router.address, nobody] } }],
      [
        'quotes.pools[0].manager',
        {
          quotes: {
            pools: [
              {
                protocol: 'uniswap-v4',
                manager: nobody,
                token0: router.address,
                token1: wrapped.address,
                fee: 500,
                tickSpacing: 10,
              },
            ],
          },
        },
      ],
      [
        'sources[0].quoter',
        { sources: [{ kind: 'uniswap-v3', factory: router.address, quoter: nobody }] },
      ],
      [
        'sources[0].token0',
        {
          sources: [
            {
              kind: 'pool',
              protocol: 'uniswap-v2',
              address: router.address,
              token0: nobody,
              token1: other,
            },
          ],
        },
      ],
    ] as const) {
      const { code, stdout } = await check(configOf([await nodeOf()], more), '--json')
      expect(JSON.parse(stdout)).toContainEqual({
        what: `${field} ${nobody}`,
        state: 'fault',
        detail: expect.stringMatching(/no contract at this address on chain 31337/),
      })
      expect(code).toBe(78)
    }
  })

  test('a store and records in a folder that is not there, or may not be written in, are faults', async () => {
    const url = await nodeOf()
    for (const field of ['store', 'raw', 'records']) {
      const nowhere = await check(configOf([url], { [field]: 'sqlite:./no/such/folder/a.db' }))
      expect(nowhere.stdout).toMatch(
        new RegExp(
          `^${field} sqlite +fault +${field}: there is no folder .*/no/such/folder; make`,
          'm',
        ),
      )
      expect(nowhere.code).toBe(78)
    }
    // A file in the place of the folder: it holds for who may write everything, too.
    writeFileSync(join(folder.path, 'file'), '')
    const inFile = await check(configOf([url], { store: 'sqlite:./file/a.db' }))
    expect(inFile.stdout).toMatch(/^store sqlite +fault +store: there is no folder/m)
    const closed = join(folder.path, 'closed')
    mkdirSync(closed)
    chmodSync(closed, 0o500)
    if (process.getuid?.() !== 0) {
      const unwritable = await check(configOf([url], { store: 'sqlite:./closed/a.db' }))
      expect(unwritable.stdout).toMatch(/^store sqlite +fault +store: nothing can be written in/m)
    }
  })

  test('and the same folder is named by a run, which ends with 78', async () => {
    const config = configOf([await nodeOf()], { store: 'sqlite:./no/such/folder/a.db' })
    const { code, stderr } = await runCli('backfill', '--config', config)
    expect(stderr).toMatch(/store: there is no folder .*\/no\/such\/folder; make it/)
    expect(code).toBe(78)
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
      { what: path, state: 'ok' },
      { what: 'chain.rpc[0] http://127.0.0.1:1', state: 'away', detail: expect.any(String) },
      { what: 'store sqlite', state: 'ok' },
      { what: 'raw sqlite', state: 'ok' },
      { what: 'records sqlite', state: 'ok' },
    ])
    expect((await check(path, '--offline')).code).toBe(0)
  })

  test('--json prints a list of checks, whatever is wrong with the file, and also with --offline', async () => {
    const path = configOf([await nodeOf()])
    const fine = await check(path, '--json', '--offline')
    expect(JSON.parse(fine.stdout)).toEqual([
      { what: path, state: 'ok', detail: expect.stringContaining('chain 31337') },
    ])
    expect(fine.code).toBe(0)
    const missing = join(folder.path, 'missing.json')
    const unreadable = await check(missing, '--json')
    expect(JSON.parse(unreadable.stdout)).toEqual([
      { what: missing, state: 'fault', detail: expect.stringMatching(/cannot be read \(ENOENT\)/) },
    ])
    expect(unreadable.code).toBe(78)
    writeFileSync(missing, '{ "chain": { "id": 0, "rpc": [] }, "sources": [], }')
    expect(JSON.parse((await check(missing, '--json')).stdout)).toHaveLength(1)
    const faulty = await check(configOf([], { colour: 'red' }), '--json')
    const details = JSON.parse(faulty.stdout).map(({ detail }: { detail: string }) => detail)
    expect(details).toEqual([
      expect.stringMatching(/^chain\.rpc: /),
      expect.stringMatching(/^colour: no such setting/),
    ])
    expect(faulty.code).toBe(78)
  })
})
