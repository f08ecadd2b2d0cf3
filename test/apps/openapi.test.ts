import { execFileSync } from 'node:child_process'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readConfig } from '#api/config.ts'
import { MAINNET } from '#api/http/examples.ts'
import { routes } from '#api/http/routes.ts'
import { type RunningServer, startServer } from '#api/server.ts'
import { type Api, type Overrides, wire } from '#api/wire.ts'
import { loadRecording } from '../tools/recorded-chain/recording.ts'
import { type RecordedChain, startRecordedChain } from '../tools/recorded-chain/server.ts'
import { restReference } from '../tools/rest-reference.ts'
import { faultsAgainst } from '../tools/json-schema.ts'
import { fakeToken } from './api-rig.ts'
import { runCli } from './run-cli.ts'

/** The reference against the API that it describes, over recorded blocks of mainnet. */
let folder: string
let settings: any
let chain: RecordedChain
let api: Api
let server: RunningServer
let document: any

const outside: Overrides = {
  tokens: { read: async (addresses) => addresses.map(fakeToken) },
  // A recording runs no contracts: quotes are made from the index.
  tip: { newest: async () => undefined },
  log: { debug() {}, info() {}, warn() {}, error() {} },
}

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'halyard-openapi-'))
  const recording = await loadRecording(
    join(import.meta.dirname, '../vectors/mainnet-blocks.json.br'),
  )
  chain = await startRecordedChain({ recording })
  const path = join(folder, 'halyard.json')
  const [token0, token1] = [MAINNET.otherToken, MAINNET.token]
  settings = {
    chain: { id: 1, rpc: [chain.url], finality: 'finalized' },
    store: 'sqlite:./halyard.db',
    sources: [
      {
        kind: 'pool',
        protocol: 'uniswap-v2',
        address: MAINNET.pool,
        token0,
        token1,
        feeBps: 30,
      },
      { kind: 'erc721', address: MAINNET.collection },
      {
        kind: 'pool',
        protocol: 'uniswap-v3',
        address: MAINNET.position.pool,
        token0,
        token1,
        fee: 3_000,
      },
      { kind: 'uniswap-v3-positions', address: MAINNET.position.manager },
      { kind: 'erc20', address: token1, wrapsNative: true },
      {
        kind: 'contract-events',
        address: MAINNET.contract,
        events: [
          'Transfer(address indexed from, address indexed to, uint256 value)',
          'Approval(address indexed owner, address indexed spender, uint256 value)',
        ],
      },
    ],
    api: { port: 0, metricsPort: 0, ratePerSecond: 0, development: true },
  }
  writeFileSync(path, JSON.stringify(settings))
  // Up to a block of which the index knows the pool's reserves: it quotes nothing behind a gap.
  const traded = recording.blocks.findLastIndex(({ logs }) =>
    logs.some((log) => log.address === MAINNET.pool),
  )
  const ranges = recording.blocks
    .slice(0, traded + 1)
    .map(({ block }) => Number(block.number))
    .join(',')
  const indexed = await runCli('backfill', '--config', path, '--ranges', ranges, '--json')
  expect(indexed.code, indexed.stderr).toBe(0)
  api = await wire(readConfig(path), outside)
  server = await startServer(api)
  document = await (await fetch(`${server.url}/v1/openapi.json`)).json()
}, 120_000)

afterAll(async () => {
  await server[Symbol.asyncDispose]()
  await api[Symbol.asyncDispose]()
  await chain.close()
  rmSync(folder, { recursive: true })
})

type Operation = { readonly path: string; readonly method: string; readonly of: any }

const operations = (): Operation[] =>
  Object.entries<any>(document.paths).flatMap(([path, methods]) =>
    Object.entries<any>(methods).map(([method, of]) => ({ path, method, of })),
  )

/** Sends what the examples of an operation say, but for what is changed. */
async function send({ path, method, of }: Operation, change: Record<string, string> = {}) {
  const query = new URLSearchParams()
  const headers: Record<string, string> = {}
  let at = path
  for (const { name, in: place, example } of of.parameters) {
    const value = change[name] ?? (example === undefined ? undefined : String(example))
    if (value === undefined) continue
    if (place === 'path') at = at.replace(`{${name}}`, value)
    else if (place === 'query') query.set(name, value)
    else headers[name] = value
  }
  const body = of.requestBody?.content['application/json'].example
  const response = await fetch(`${server.url}${at}?${query}`, {
    method: method.toUpperCase(),
    ...(body && {
      headers: { ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    }),
  })
  return { status: response.status, type: response.headers.get('content-type'), response }
}

const schemaOf = ({ of }: Operation, status: number): any =>
  Object.values<any>(of.responses[status].content)[0].schema

describe('the reference', () => {
  test('says that it is OpenAPI 3.1, and names every operation once', () => {
    expect(document.openapi).toBe('3.1.0')
    const ids = operations().map(({ of }) => of.operationId)
    expect(new Set(ids).size).toBe(ids.length)
    expect(ids).toEqual([
      'listPools',
      'readPool',
      'readQuotable',
      'listSwaps',
      'listCandles',
      'listVolumes',
      'listPositionsOfPool',
      'listPositionsOfAccount',
      'listPositionsOfManager',
      'readCollection',
      'listHolders',
      'listHoldingsOfCollection',
      'listHoldingsOfAccount',
      'listActivityOfAccount',
      'listContracts',
      'listContractEvents',
      'readSnapshot',
      'listSnapshotHolders',
      'readTokenMetadata',
      'checkOwnership',
      'checkOwnershipOfMany',
      'startSignIn',
      'signIn',
      'rotateSession',
      'endSession',
      'readPerson',
      'checkOwnershipOfPerson',
      'linkWallet',
      'unlinkWallet',
      'startDiscordLink',
      'linkDiscord',
      'unlinkDiscord',
      'listActivityOfPerson',
      'listRolesOfPerson',
      'listRoleChangesOfPerson',
      'listWebhooksOfPerson',
      'addWebhook',
      'removeWebhook',
      'testWebhook',
      'listPointsOfPerson',
      'readPointsBalance',
      'listPointsStatement',
      'listPointsLeaders',
      'grantPoints',
      'reversePoints',
      'spendPoints',
      'readPointsSpend',
      'listQuarantine',
      'countQuarantine',
      'quoteSwap',
      'simulateSwap',
      'listTokens',
      'readTokenSummary',
      'listTokenHolders',
      'readBalance',
      'listBalanceHistory',
      'listTokensOfAccount',
      'readSwapContracts',
      'readStatus',
      'listChains',
    ])
  })

  test('tells of each parameter what it is, and of each that must be given an example', () => {
    for (const { path, of } of operations())
      for (const { name, in: place, required, description, example, schema } of of.parameters) {
        if (place !== 'path') expect(description, `${path} ${name}`).toMatch(/\.$/)
        if (required) expect(example, `${path} ${name}`).toBeDefined()
        if (example !== undefined)
          expect(faultsAgainst(schema, example, document.components.schemas)).toEqual([])
      }
  })

  test('has examples that are all answered, and as it says', async () => {
    for (const operation of operations()) {
      const { status, response } = await send(operation)
      const text = await response.text()
      // Nobody can sign in to this service; test/apps/sign-in.test.ts does to another.
      // It keeps no points and knows no keys, either; test/apps/api-points.test.ts asks another.
      if (/^.v1.(sign-in|session|person|points)/.test(operation.path)) {
        expect([401, 404], operation.path).toContain(status)
        continue
      }
      // The recorded blocks are not all of a collection: what is counted of them would be wrong, and is refused.
      if (/.snapshot|collections.{address}$/.test(operation.path)) {
        expect(JSON.parse(text).code).toBe('INDEX_INCOMPLETE')
        continue
      }
      // It keeps no metadata; test/ownership/contracts.test.ts asks another.
      if (operation.path.includes('/tokens/{tokenId}')) {
        expect(JSON.parse(text).code).toBe('NOT_STORED')
        continue
      }
      expect(status, `${operation.path}: ${text}`).toBe(200)
      const faults = faultsAgainst(
        schemaOf(operation, 200),
        JSON.parse(text),
        document.components.schemas,
      )
      expect(faults, operation.path).toEqual([])
      // An example that shows an empty list shows nothing, but that of logs which every source decodes.
      if (operation.path.startsWith('/v1/quarantine')) continue
      expect(JSON.parse(text).items, operation.path).not.toEqual([])
    }
  })

  test('describes refusals as they come', async () => {
    const nowhere = `0x${'77'.repeat(20)}`
    const seen = new Set<number>()
    const expectRefusal = async (operation: Operation, status: number, change: object) => {
      const sent = await send(operation, change as Record<string, string>)
      const problem = await sent.response.json()
      expect(sent.status, `${operation.path} ${JSON.stringify(problem)}`).toBe(status)
      expect(sent.type).toMatch(/^application\/problem\+json/)
      expect(
        faultsAgainst(schemaOf(operation, status), problem, document.components.schemas),
      ).toEqual([])
      seen.add(status)
    }
    for (const operation of operations()) {
      const names = new Set<string>(operation.of.parameters.map(({ name }: any) => name))
      // Who has not said who asks is told so before anything else.
      if (names.has('limit') && !operation.of.security)
        await expectRefusal(operation, 400, { limit: '0' })
      if (operation.path.includes('{address}') && operation.of.responses[404])
        if (!operation.path.startsWith('/v1/accounts'))
          await expectRefusal(operation, 404, { address: nowhere })
      if (names.has('amount')) await expectRefusal(operation, 422, { amount: '1' })
    }
    expect([...seen].toSorted((a, b) => a - b)).toEqual([400, 404, 422])
  })

  test('leaves out no method of a path of REST', async () => {
    const all = await Promise.all(routes.map(async (routeOf) => routeOf(api)))
    for (const { path, get, post, operations: of } of all.filter((each) =>
      /^.v1./.test(each.path),
    )) {
      expect([path, of?.get !== undefined, of?.post !== undefined]).toEqual([
        path,
        get !== undefined,
        post !== undefined,
      ])
      expect(Object.keys(document.paths)).toContain(path.replaceAll(/:(\w+)/g, '{$1}'))
    }
  })
})

test('docs/rest.md says what the reference says (accept a change with --update)', async () => {
  // As the formatter leaves the file, or the two would undo one another.
  const formatted = execFileSync('node_modules/.bin/oxfmt', ['--stdin-filepath=docs/rest.md'], {
    input: restReference(document),
    encoding: 'utf8',
  })
  await expect(formatted).toMatchFileSnapshot('../../docs/rest.md')
})

describe('declared events', () => {
  const walk = async (query: string): Promise<any[]> => {
    const found: any[] = []
    for (let cursor: string | null = ''; cursor !== null;) {
      const after: string = cursor && `&after=${cursor}`
      const response = await fetch(
        `${server.url}/v1/contracts/${MAINNET.contract}/events?limit=7&${query}${after}`,
      )
      const page: any = await response.json()
      found.push(...page.items)
      cursor = page.nextCursor
    }
    return found
  }

  const ask = async (query: string, at = server): Promise<any> => {
    const response = await fetch(`${at.url}/graphql`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ query }),
    })
    return response.json()
  }

  test('are listed by name, by signature and by blocks, and their values are as the chain has them', async () => {
    const all = await walk('')
    expect(all.length).toBeGreaterThan(20)
    expect(await walk('order=asc')).toEqual(all.toReversed())
    const approvals = all.filter(({ event }) => event === 'Approval')
    expect(approvals.length).toBeGreaterThan(0)
    expect(approvals.length).toBeLessThan(all.length)
    expect(await walk('event=Approval')).toEqual(approvals)
    expect(await walk('event=Approval(address,address,uint256)')).toEqual(approvals)
    const { number } = all[3].block
    const inBlock = all.filter(({ block }) => block.number === number)
    expect(await walk(`fromBlock=${number}&toBlock=${number}`)).toEqual(inBlock)
    const recording = await loadRecording(
      join(import.meta.dirname, '../vectors/mainnet-blocks.json.br'),
    )
    const { transactionHash, logIndex, values } = all[0]
    const log = recording.blocks
      .flatMap(({ logs }) => logs)
      .find(
        (each) => each.transactionHash === transactionHash && Number(each.logIndex) === logIndex,
      )
    const [, from, to] = log?.topics ?? []
    expect(values).toEqual([
      `0x${from?.slice(26)}`,
      `0x${to?.slice(26)}`,
      `${BigInt(log?.data ?? '0x')}`,
    ])
  })

  test('are exported as they are listed, of a contract whose events are declared', async () => {
    const path = join(folder, 'halyard.json')
    const run = (...args: string[]) =>
      runCli('export', 'contractEvents', '--contract', ...args, '--config', path)
    const listed = await walk('order=asc')
    const { stdout } = await run(MAINNET.contract)
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line))
    expect(lines).toMatchObject(listed)
    expect(lines).toHaveLength(listed.length)
    const [head = '', first = ''] = (await run(MAINNET.contract, '--format', 'csv')).stdout.split(
      '\r\n',
    )
    // Other cells may have commas.
    const at = head.split(',').indexOf('values') - head.split(',').length
    expect(first.split(',').at(at)).toBe(listed[0].values.join(' '))
  })

  test('are told with their values as the configuration names them', async () => {
    const response = await fetch(`${server.url}/v1/contracts`)
    const { items }: any = await response.json()
    expect(items).toMatchObject([
      {
        address: MAINNET.contract,
        events: [
          {
            event: 'Transfer',
            signature: 'Transfer(address,address,uint256)',
            topic: '0xddf252ad1be2c89b69c2b068fc378daa952ba7f163c4a11628f55a4df523b3ef',
            values: [
              { name: 'from', type: 'address' },
              { name: 'to', type: 'address' },
              { name: 'value', type: 'uint256' },
            ],
          },
          { event: 'Approval' },
        ],
      },
    ])
    const query = '{ contracts { address events { event signature topic values { name type } } } }'
    const { data } = await ask(query)
    expect(data.contracts).toEqual(items)
  })

  test('are told anew when the configuration names them otherwise, and are counted however many it names', async () => {
    const tag = async ({ url }: RunningServer, known = '') => {
      const response = await fetch(`${url}/v1/contracts`, { headers: { 'if-none-match': known } })
      return {
        status: response.status,
        text: await response.text(),
        etag: response.headers.get('etag') ?? '',
      }
    }
    const before = await tag(server)
    expect(await tag(server, before.etag)).toMatchObject({ status: 304 })
    const values = Array.from({ length: 16 }, (_, index) => `bool v${index}`).join(', ')
    const many = Array.from({ length: 50 }, (_, index) => `Event${index}(${values})`)
    const path = join(folder, 'renamed.json')
    const renamed = JSON.stringify(settings).replace(
      'address indexed from',
      'address indexed source',
    )
    const others = JSON.parse(renamed)
    others.sources.push({
      kind: 'contract-events',
      address: MAINNET.pool.replace('0xb', '0xc'),
      events: many,
    })
    writeFileSync(path, JSON.stringify(others))
    await using other = await wire(readConfig(path), outside)
    await using served = await startServer(other)
    const after = await tag(served, before.etag)
    expect(after).toMatchObject({ status: 200, text: expect.stringContaining('"source"') })
    const lists = (count: number) =>
      Array.from(
        { length: count },
        (_, index) => `a${index}: contracts { events { values { type } } }`,
      )
    expect((await ask(`{ ${lists(5).join(' ')} }`, served)).errors).toBeUndefined()
    const { errors } = await ask(`{ ${lists(15).join(' ')} }`, served)
    expect(errors[0].extensions).toMatchObject({ code: 'QUERY_TOO_COSTLY' })
  })

  test('are the same over GraphQL, and one may look for few of many in one request', async () => {
    const list = (args: string): string =>
      `{ contractEvents(contract: "${MAINNET.contract}", ${args}) { nodes { signature values logIndex } pageInfo { endCursor hasNextPage } } }`
    const { data } = await ask(list('event: "Approval", first: 3'))
    const { endCursor } = data.contractEvents.pageInfo
    const next = await ask(list(`event: "Approval", first: 3, after: "${endCursor}"`))
    const nodes = [...data.contractEvents.nodes, ...next.data.contractEvents.nodes]
    const picked = (await walk('event=Approval')).map(({ signature, values, logIndex }) => ({
      signature,
      values,
      logIndex,
    }))
    expect(nodes).toEqual(picked.slice(0, 6))
    const refused = /takes Transfer\(address,address,uint256\), Approval/
    const { errors } = await ask(list('event: "Staked"'))
    expect(errors[0].message).toMatch(refused)
    const fields = Array.from(
      { length: 5 },
      (_, index) => `a${index}: ${list('event: "Approval", first: 1').slice(1, -1)}`,
    )
    const { errors: costly } = await ask(`{ ${fields.join(' ')} }`)
    expect(costly[0].extensions).toMatchObject({ code: 'QUERY_TOO_COSTLY', argument: 'event' })
    const at = `${server.url}/v1/contracts/${MAINNET.contract}/events?event=Staked`
    expect(await (await fetch(at)).text()).toMatch(refused)
  })
})

describe('the page of the reference', () => {
  test('is served with all that it loads, and may load nothing else', async () => {
    const page = await fetch(`${server.url}/v1/docs`)
    expect(page.status).toBe(200)
    expect(page.headers.get('content-security-policy')).toContain("script-src 'self'")
    const parts = [...(await page.text()).matchAll(/(?:src|href)="(docs[^"]+)"/g)].map(
      ([, at]) => at,
    )
    expect(parts).toHaveLength(3)
    for (const part of parts) {
      const answer = await fetch(`${server.url}/v1/${part}`)
      expect(answer.status, part).toBe(200)
      expect(answer.headers.get('content-type'), part).toMatch(/javascript|css/)
      expect((await answer.text()).length).toBeGreaterThan(40)
    }
    for (const other of ['package.json', '..%2fpackage.json'])
      expect((await fetch(`${server.url}/v1/docs/${other}`)).status).toBe(404)
  })
})
