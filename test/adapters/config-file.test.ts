import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import { toQuoteSettings } from '#adapters/config-file/quote-settings.ts'
import { type InvalidConfig, loadDeployment } from '#adapters/config-file/load.ts'
import { configJsonSchema } from '#adapters/config-file/schema.ts'
import { keccak } from '#adapters/hash-wasm/keccak.ts'
import { createLogger } from '#adapters/log/logger.ts'
import { readSettings } from '#wiring/settings.ts'

const folder = mkdtempSync(join(tmpdir(), 'halyard-config-'))
afterAll(() => rmSync(folder, { recursive: true }))

const read = (rpc: string, store: string, env: Record<string, string> = {}) => {
  const path = join(folder, 'halyard.json')
  const collection = { kind: 'erc721', address: `0x${'ab'.repeat(20)}` }
  writeFileSync(
    path,
    JSON.stringify({ chain: { id: 1, rpc: [rpc] }, store, sources: [collection] }),
  )
  return loadDeployment(path, env).byDefault
}

describe('the secrets of a configuration', () => {
  test('are out of every log line, wherever they would come from', () => {
    const key = 'abcdef0123456789abcdef'
    const { secrets } = read(`https://rpc.example/v2/${key}`, '${STORE}', {
      STORE: 'mongodb://halyard:corr"ect@db.example/halyard',
    })
    let text = ''
    const log = createLogger({ secrets, destination: { write: (line) => void (text += line) } })
    log.error({ err: new Error(`https://rpc.example/v2/${key} failed`) }, `key ${key}`)
    log.warn({ reason: 'mongodb://halyard:corr"ect@db.example/halyard is away' }, 'halyard warns')
    expect(text).not.toContain(key)
    expect(text).not.toContain('corr')
    const levels = text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as { level: string }).level)
    expect(levels).toEqual(['error', 'warn'])
    expect(text).toContain('halyard warns')
  })

  test('are found in a store of several hosts, as written and as meant', () => {
    const { secrets } = read('http://node:8545', 'mongodb://me:p%40ss@one:27017,two:27017/halyard')
    expect(secrets).toEqual(expect.arrayContaining(['p%40ss', 'p@ss']))
  })

  test('are none where no URL holds one', () => {
    expect(read('http://node:8545', 'sqlite:./halyard.db').secrets).toEqual([])
  })
})

describe('sources of other designs', () => {
  const at = (digit: string): string => `0x${digit.repeat(40)}`
  const sourcesOf = (...sources: readonly object[]) => {
    const path = join(folder, 'designs.json')
    const chain = { id: 10, rpc: ['http://node:8545'] }
    writeFileSync(path, JSON.stringify({ chain, sources }))
    return loadDeployment(path, {}).byDefault.sources
  }

  test('have a fee for each curve until swaps tell it', () => {
    expect(
      sourcesOf(
        { kind: 'velodrome-v2', factory: at('1') },
        { kind: 'solidly', factory: at('2'), volatileFeeBps: 20, stableFeeBps: 1.5 },
      ),
    ).toMatchObject([
      { kind: 'velodrome-v2', volatileFeePips: 3_000, stableFeePips: 500 },
      { kind: 'solidly', volatileFeePips: 2_000, stableFeePips: 150 },
    ])
  })

  test('name the curve of a single pair', () => {
    const pair = { kind: 'pool', protocol: 'solidly', token0: at('1'), token1: at('2') }
    expect(
      sourcesOf(
        { ...pair, address: at('3'), stable: true },
        { ...pair, address: at('4'), stable: false },
      ),
    ).toMatchObject([{ protocol: 'solidly-stable' }, { protocol: 'solidly-volatile' }])
    expect(() => sourcesOf({ ...pair, address: at('3') })).toThrow(/stable/)
  })
})

describe('the section of quotes', () => {
  const address = (digit: string): string => `0x${digit.repeat(40)}`
  const load = (quotes: unknown, sources: readonly object[] = [factoryV2, factoryV3]) => {
    const path = join(folder, 'quotes.json')
    const chain = { id: 1, rpc: ['http://node:8545'] }
    writeFileSync(path, JSON.stringify({ chain, sources, quotes }))
    return loadDeployment(path, {}).byDefault
  }
  const factoryV2 = { kind: 'uniswap-v2', factory: address('2') }
  const factoryV3 = { kind: 'uniswap-v3', factory: address('3') }
  const poolV4 = {
    protocol: 'uniswap-v4',
    manager: address('4'),
    token0: address('A'),
    token1: address('b'),
    fee: 500,
    tickSpacing: 10,
  }

  test('may be left out', () => {
    expect(toQuoteSettings(load(undefined), keccak)).toEqual({
      chainId: 1,
      router: null,
      wrappedNative: null,
      hubs: [],
      pools: [],
    })
  })

  test('refuses an address with a wrong checksum, wherever it is, and names the right one', () => {
    const wrong = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD'
    const right = '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed'
    const refusal = (path: string) => `${path}: its checksum is wrong (EIP-55): look for`
    expect(() => load({ router: wrong })).toThrow(refusal('quotes.router'))
    expect(() => load({ hubs: [right, wrong] })).toThrow(refusal('quotes.hubs[1]'))
    expect(() => load({ pools: [{ ...poolV4, manager: wrong }] })).toThrow(
      refusal('quotes.pools[0].manager'),
    )
    expect(() => load({}, [{ kind: 'uniswap-v2', factory: wrong }])).toThrow(
      refusal('sources[0].factory'),
    )
    expect(() => load({ router: wrong })).toThrow(right)
    expect(load({ router: right }).quotes.router).toBe(right.toLowerCase())
  })

  test('becomes a quoter’s settings, over the first factory of each kind', () => {
    const other = { kind: 'uniswap-v2', factory: address('9') }
    const quotes = {
      router: address('C'),
      wrappedNative: address('d'),
      hubs: [address('e')],
      pools: [poolV4],
    }
    expect(toQuoteSettings(load(quotes, [factoryV3, factoryV2, other]), keccak)).toEqual({
      chainId: 1,
      router: { address: address('c'), factoryV2: address('2'), factoryV3: address('3') },
      wrappedNative: address('d'),
      hubs: [address('e')],
      pools: [
        {
          // By viem: keccak256(encodeAbiParameters([address, address, uint24, int24, address], ...)).
          id: '0xacae1c40a47e733536e9b09a11baf0929320ae88bf79932b741c1d0c4d4f5032',
          protocol: 'uniswap-v4',
          token0: address('a'),
          token1: address('b'),
          feePips: 500,
          tickSpacing: 10,
          origin: address('4'),
        },
      ],
    })
  })

  test('of a router without factories has none that it reaches', () => {
    const settings = load({ router: address('c') }, [{ kind: 'erc721', address: address('1') }])
    expect(toQuoteSettings(settings, keccak).router).toEqual({
      address: address('c'),
      factoryV2: null,
      factoryV3: null,
    })
  })

  test('names all of its faults at once, with their paths', () => {
    const faultsOf = (quotes: unknown): string => {
      try {
        load(quotes)
      } catch (error) {
        return (error as Error).message
      }
      return 'none'
    }
    const text = faultsOf({
      router: 'uniswap',
      wrappedNative: '0x12',
      hubs: ['USDC'],
      pools: [
        { ...poolV4, fee: 2_000_000, tickSpacing: 0, hooks: address('5') },
        { ...poolV4, protocol: 'uniswap-v3' },
      ],
      speed: 1,
    })
    for (const path of [
      'quotes.router: ',
      'quotes.wrappedNative: ',
      'quotes.hubs[0]: ',
      'quotes.pools[0].fee: ',
      'quotes.pools[0].tickSpacing: ',
      'quotes.pools[0].hooks: no such setting',
      'quotes.pools[1].protocol: ',
      'quotes.speed: no such setting',
    ])
      expect(text).toContain(`\n  ${path}`)
    const twice = faultsOf({
      hubs: [address('e'), address('E')],
      pools: [poolV4, poolV4, { ...poolV4, token0: address('c') }],
    })
    expect(twice).toContain(`quotes.hubs[1]: ${address('e')} is quotes.hubs[0] already`)
    expect(twice).toContain('quotes.pools[1]: the pool is quotes.pools[0] already')
    expect(twice).toContain('quotes.pools[2].token0: pools sort their tokens; swap the two')
  })
})

describe('an endpoint', () => {
  const load = (rpc: unknown): ReturnType<typeof loadDeployment>['byDefault'] => {
    const path = join(folder, 'endpoints.json')
    const sources = [{ kind: 'erc721', address: `0x${'1'.repeat(40)}` }]
    writeFileSync(path, JSON.stringify({ chain: { id: 1, rpc }, sources }))
    return loadDeployment(path, {}).byDefault
  }

  test('is a URL, or one with limits of its own; both are kept secret alike', () => {
    const url = 'https://node.example/v2/0123456789abcdef0123'
    const { chain, secrets } = load([
      'http://127.0.0.1:8545',
      { url, requestsPerSecond: 12.5, atOnce: 2 },
    ])
    expect(chain.rpc).toEqual([
      { url: 'http://127.0.0.1:8545' },
      { url, perSecondMax: 12.5, atOnceMax: 2 },
    ])
    expect(secrets).toContain(url)
  })

  test('by WebSocket only tells of new blocks, so that there is another one beside it', () => {
    const told = 'wss://node.example/v2/0123456789abcdef0123'
    const { chain, secrets } = load([told, 'http://127.0.0.1:8545', 'ws://127.0.0.1:8546'])
    expect(chain.rpc).toEqual([{ url: 'http://127.0.0.1:8545' }])
    expect(chain.heads).toEqual([told, 'ws://127.0.0.1:8546'])
    expect(secrets).toContain(told)
    expect(() => load([told])).toThrow(/chain\.rpc: at least one http or https URL/)
  })

  test('with a limit that makes no sense is named with what would do', () => {
    for (const [rpc, fault] of [
      [[{ url: 'http://a', requestsPerSecond: 0 }], /chain\.rpc\[0\]/],
      [[{ url: 'ftp://a' }], /chain\.rpc\[0\]/],
      [[7], /chain\.rpc\[0\]: neither/],
    ] as const)
      expect(() => load(rpc)).toThrow(fault)
  })
})

describe('events that are declared', () => {
  const contract = `0x${'c0'.repeat(20)}`
  const STAKED = 'event Staked(address indexed account, uint amount, bytes4 pool, int24 tick);'
  const load = (rule: object, events: readonly string[] = [STAKED]) => {
    const path = join(folder, 'events.json')
    const common = { kind: 'contract-event', name: 'stakes', contract, points: '1' }
    const file = {
      chain: { id: 1, rpc: ['http://node:8545'] },
      sources: [{ kind: 'contract-events', address: contract, events }],
      points: { rules: [{ ...common, startsAt: '2026-12-01', event: STAKED, ...rule }] },
    }
    writeFileSync(path, JSON.stringify(file))
    return loadDeployment(path, {}).byDefault
  }

  test('are known by their form, and a rule by the places of their values', () => {
    const where = { pool: '0x01020304', tick: '-5' }
    const { sources, points } = load({ amount: 'amount', per: '100', where }, [STAKED, 'Done()'])
    expect(sources).toMatchObject([
      { events: ['Done()', 'Staked(address indexed,uint256,bytes4,int24)'] },
    ])
    expect(points?.rules[0]?.rule).toMatchObject({
      signature: 'Staked(address,uint256,bytes4,int24)',
      accountAt: 0,
      amountAt: 1,
      where: [
        { at: 2, word: 0x01020304n << 224n },
        { at: 3, word: 2n ** 256n - 5n },
      ],
      rate: { pointsRaw: 1n, perRaw: 100n },
    })
    expect(load({}).points?.rules[0]?.rule).toMatchObject({ amountAt: null, rate: { perRaw: 1n } })
  })

  test.each([
    [{ event: 'Staked(string who)' }, /rules\[0\]\.event: "string who": only values of one word/],
    [{ account: 'who' }, /rules\[0\]\.account: the event has no value "who"; name one/],
    [{ account: 'amount' }, /rules\[0\]\.account: "amount" is no address/],
    [{ amount: 'tick' }, /rules\[0\]\.amount: "tick" is no unsigned number/],
    [{ where: { pool: '0x0102' } }, /rules\[0\]\.where\.pool: "0x0102" is no bytes4/],
    [{ where: { tick: '8388608' } }, /rules\[0\]\.where\.tick: "8388608" is no int24/],
    [{ where: { amount: '-1' } }, /rules\[0\]\.where\.amount: "-1" is no uint256/],
  ])('are refused by name in a rule: %o', (rule, fault) => {
    expect(() => load(rule)).toThrow(fault)
  })

  test('are named once in a source, and in a form that can be read', () => {
    expect(() => load({}, [STAKED, 'Staked(address, uint256, bytes4, int24)'])).toThrow(
      /sources\[0\]\.events\[1\]: Staked\(address,uint256,bytes4,int24\) is there already/,
    )
    expect(() => load({}, ['Staked'])).toThrow(/sources\[0\]\.events\[0\]: not a declaration/)
  })
})

describe('what a chain proves', () => {
  const load = (chain: object) => {
    const path = join(folder, 'chain.json')
    const collection = { kind: 'erc721', address: `0x${'ab'.repeat(20)}` }
    const text = JSON.stringify({
      chain: { rpc: ['http://node:8545'], ...chain },
      sources: [collection],
    })
    writeFileSync(path, text)
    return loadDeployment(path, {}).byDefault.chain
  }

  test('goes by its id, and what no profile names is compared with its receipts', () => {
    expect(load({ id: 1 })).toMatchObject({ proof: 'auto', headerForm: 'ethereum' })
    expect(load({ id: 1 }).commits).toMatchObject({ receiptsRoot: true, outsideRoot: 'none' })
    expect(load({ id: 137 }).commits.outsideRoot).toBe('taken')
    expect(load({ id: 43_114 }).headerForm).toBe('avalanche')
    expect(load({ id: 100 }).headerForm).toBe('aura')
    expect(load({ id: 424_242 }).commits.outsideRoot).toBe('unknown')
  })

  test('goes by the profile that is named, and by the settings beside it', () => {
    expect(load({ id: 424_242, profile: 'polygon' }).commits.outsideRoot).toBe('taken')
    expect(load({ id: 1, headerHash: false }).headerForm).toBeNull()
    expect(load({ id: 1, receiptsRoot: false }).commits.receiptsRoot).toBe(false)
    expect(load({ id: 324, headerHash: true }).headerForm).toBe('ethereum')
  })

  test('is refused by name where there is no such profile', () => {
    expect(() => load({ id: 1, profile: 'fantom' })).toThrow(/chain\.profile/)
    expect(() => load({ id: 1, proof: 'none' })).toThrow(/chain\.proof/)
  })
})

describe('a fault of the file', () => {
  const address = `0x${'1'.repeat(40)}`
  const good = {
    chain: { id: 1, rpc: ['http://node:8545'] },
    sources: [{ kind: 'uniswap-v3', factory: address }],
  }
  function faultsOf(file: unknown, env: Record<string, string> = {}): string[] {
    const path = join(folder, 'faults.json')
    writeFileSync(path, typeof file === 'string' ? file : JSON.stringify(file))
    try {
      loadDeployment(path, env)
    } catch (error) {
      const lines = (error as Error).message.split('\n')
      return lines.filter((line) => line.startsWith('  ')).map((line) => line.trim())
    }
    return []
  }
  const { chain } = good

  test.each<[string, unknown, string]>([
    ['a section that is missing', { chain }, 'sources: missing; it takes a list [ ]'],
    ['a file of another shape', [], 'the file: it takes a section { }; here is a list'],
    [
      'a section of another shape',
      { ...good, api: null },
      'api: it takes a section { }; here is null',
    ],
    [
      'a setting that is missing',
      { ...good, sources: [{ kind: 'uniswap-v3' }] },
      'sources[0].factory: missing; it takes a text in quotes',
    ],
    [
      'a text where a number belongs',
      { ...good, api: { port: '80' } },
      'api.port: it takes a number; here is a text',
    ],
    [
      'a number that is not whole',
      { ...good, api: { port: 1.5 } },
      'api.port: it takes a whole number; here is 1.5',
    ],
    [
      'a number that is too large',
      { ...good, api: { metricsPort: 70_000 } },
      'api.metricsPort: it takes at most 65535; here is 70000',
    ],
    [
      'a number that is too small',
      { ...good, api: { lagSecondsMax: 0 } },
      'api.lagSecondsMax: it takes at least 1; here is 0',
    ],
    [
      'no text',
      { ...good, api: { host: '' } },
      'api.host: it takes at least 1 letter; here is a text',
    ],
    [
      'a word instead of yes or no',
      { ...good, api: { development: 'yes' } },
      'api.development: it takes true or false; here is a text',
    ],
    [
      'one of a few words misspelt',
      { chain: { ...chain, proof: 'none' }, sources: good.sources },
      'chain.proof: it takes "auto", "receipts" or "bloom"; here is "none"',
    ],
    [
      'a kind of source misspelt',
      { chain, sources: [{ kind: 'uniswap-v9' }] },
      'sources[0].kind: it takes "uniswap-v2", "uniswap-v3", "solidly", "velodrome-v2", "algebra-v1", "algebra-integral", "pool", "uniswap-v4", "uniswap-v3-positions", "erc721", "erc1155", "erc20" or "contract-events"; here is "uniswap-v9"',
    ],
    [
      'a kind of source left out',
      { chain, sources: [{}] },
      'sources[0].kind: missing; it takes "uniswap-v2", "uniswap-v3", "solidly", "velodrome-v2", "algebra-v1", "algebra-integral", "pool", "uniswap-v4", "uniswap-v3-positions", "erc721", "erc1155", "erc20" or "contract-events"',
    ],
    [
      'positions whose pools are not indexed',
      {
        chain,
        sources: [{ kind: 'uniswap-v3-positions', address: `0x${'a1'.repeat(20)}` }],
      },
      'sources[0].kind: pools and ranges of positions are told by their pools; name the factory too, as {"kind": "uniswap-v3", "factory": "0x..."}, or single pools',
    ],
    ['a setting that there is not', { ...good, api: { prot: 1 } }, 'api.prot: no such setting'],
  ])('%s is told with what belongs there', (_, file, fault) => {
    expect(faultsOf(file)).toEqual([fault])
  })

  test('is never told in the words of a validator, whatever is wrong', () => {
    const wrong = [null, 'x', '', -1, 1.5, 1e9, true, [], {}, [null], [{}], { kind: 'pool' }]
    type Schema = { properties?: Record<string, Schema> }
    const pathsOf = ({ properties = {} }: Schema): string[][] =>
      Object.entries(properties).flatMap(([name, child]) => [
        [name],
        ...pathsOf(child).map((path) => [name, ...path]),
      ])
    const paths = pathsOf(
      (configJsonSchema() as { $defs: Record<string, Schema> }).$defs.HalyardConfig as Schema,
    )
    expect(paths.length).toBeGreaterThan(25)
    for (const path of paths)
      for (const value of wrong) {
        const file = structuredClone(good) as Record<string, unknown>
        let at = file
        for (const name of path.slice(0, -1)) at = (at[name] ??= {}) as Record<string, unknown>
        at[path.at(-1) as string] = value
        const text = faultsOf(file).join('\n')
        expect(text).not.toMatch(/invalid|expected|received|too (small|big)|undefined|>=|<=|\|/i)
      }
  })

  test('is told where the file is not JSON, without quoting it', () => {
    const secret = 'abcdef0123456789'
    const [fault] = faultsOf(`{\n  "store": "mongodb://me:${secret}@db/halyard"\n  "chain": 1 }`)
    expect(fault).toMatch(/^line 3, column 3: this is not JSON/)
    for (const text of [`{ "a": ${secret} }`, `{ "a": "${secret}`, ''])
      expect(faultsOf(text).join()).toMatch(/this is not JSON(?!.*abcdef)/)
  })

  test('of one section does not hide those of another', () => {
    const sources = [...good.sources, ...good.sources]
    expect(faultsOf({ chain: { id: 1 }, sources, quotes: { hubs: [address, address] } })).toEqual([
      'chain.rpc: missing; it takes a list [ ]',
      `sources[1].factory: ${address} is sources[0].factory already`,
      `quotes.hubs[1]: ${address} is quotes.hubs[0] already`,
    ])
  })

  test('is a place of records where the store is, however it is written', () => {
    for (const [store, records] of [
      ['sqlite:./halyard.db', 'sqlite:other/../halyard.db'],
      ['mongodb://one/halyard', 'mongodb://me:secret@one/halyard?appName=x'],
    ])
      expect(faultsOf({ ...good, store, records })).toEqual([
        expect.stringMatching(/^records: the store is kept there; name another file or database/),
      ])
    expect(
      faultsOf({ ...good, store: 'mongodb://one/halyard', records: 'mongodb://one/people' }),
    ).toEqual([])
  })

  test('that comes of a missing variable is told once', () => {
    const file = { ...good, store: '${STORE}', chain: { id: 1, rpc: ['${RPC}'] } }
    expect(faultsOf(file, { STORE: 'sqlite:./halyard.db' })).toEqual([
      'chain.rpc[0]: the environment has no variable RPC',
    ])
  })
})

describe('a file of several chains', () => {
  const collection = { kind: 'erc721', address: `0x${'ab'.repeat(20)}` }
  const chainOf = (id: number, more: object = {}) => ({
    chain: { id, rpc: [`http://node-${id}:8545`] },
    sources: [collection],
    ...more,
  })
  const write = (file: object): string => {
    const path = join(folder, 'chains.json')
    writeFileSync(path, JSON.stringify(file))
    return path
  }
  const load = (file: object) => loadDeployment(write(file), {})
  const faultsOf = (file: object): readonly string[] => {
    try {
      load(file)
      return []
    } catch (error) {
      return (error as InvalidConfig).faults
    }
  }

  test('gives each the sections of its own and what is said of all', () => {
    const { chains, byDefault } = load({
      chains: { ethereum: chainOf(1), base: chainOf(8_453, { quotes: { nativeSymbol: 'BETH' } }) },
      defaultChain: 'base',
      indexer: { metricsPort: 9_999 },
    })
    expect(chains.map(({ chain }) => [chain.name, chain.id])).toEqual([
      ['ethereum', 1],
      ['base', 8_453],
    ])
    expect(chains.map(({ indexer }) => indexer.metricsPort)).toEqual([9_999, 9_999])
    expect(byDefault).toBe(chains[1])
    expect(byDefault.quotes.nativeSymbol).toBe('BETH')
  })

  test('means the first one where none is said to be the default', () => {
    expect(
      load({ chains: { base: chainOf(8_453), ethereum: chainOf(1) } }).byDefault.chain.id,
    ).toBe(8_453)
  })

  test('keeps each in a file of its own, and all of them in one database', () => {
    const both = { ethereum: chainOf(1), base: chainOf(8_453) }
    const files = load({ chains: both, store: 'sqlite:./history.db' }).chains
    expect(files.map(({ store, raw }) => [store, raw])).toEqual(
      ['ethereum', 'base'].map((name) => [
        { kind: 'sqlite', path: join(folder, `history-${name}.db`) },
        { kind: 'sqlite', path: join(folder, `history-${name}-raw.db`) },
      ]),
    )
    const url = 'mongodb://db/halyard'
    const database = load({ chains: both, store: url }).chains
    expect(database.map(({ store, raw }) => [store, raw])).toEqual([
      [
        { kind: 'mongodb', url },
        { kind: 'mongodb', url },
      ],
      [
        { kind: 'mongodb', url },
        { kind: 'mongodb', url },
      ],
    ])
  })

  test('may keep one where it was before there were others', () => {
    const [ethereum, base] = load({
      chains: {
        ethereum: chainOf(1, { store: 'sqlite:./halyard.db', raw: 'off' }),
        base: chainOf(8_453),
      },
    }).chains
    expect(ethereum).toMatchObject({
      store: { path: join(folder, 'halyard.db') },
      raw: { kind: 'off' },
    })
    expect(base).toMatchObject({ store: { path: join(folder, 'halyard-base.db') } })
  })

  test('hides what is secret of any chain from the logs of all', () => {
    const key = 'abcdef0123456789abcdef'
    const secret = {
      ...chainOf(8_453),
      chain: { id: 8_453, rpc: [`https://rpc.example/v2/${key}`] },
    }
    const { chains } = load({ chains: { ethereum: chainOf(1), base: secret } })
    for (const { secrets } of chains) expect(secrets).toContain(key)
  })

  test('has every fault named with the chain that it is in', () => {
    expect(
      faultsOf({
        chains: {
          ethereum: { ...chainOf(1), sources: [collection, collection] },
          base: { ...chainOf(1), chain: { id: 1, rpc: ['gopher://x'] } },
          'No Name': chainOf(2),
        },
        defaultChain: 'optimism',
      }),
    ).toEqual([
      expect.stringMatching(/^chains\.base\.chain\.rpc\[0\]: not an http/),
      'defaultChain: no such chain; there are ethereum, base, No Name',
      expect.stringMatching(
        /^chains\.ethereum\.sources\[1\]\.address: .* is sources\[0\]\.address already/,
      ),
      'chains.base.chain.id: 1 is chains.ethereum.chain.id already',
      expect.stringMatching(/^chains\.No Name: not a name of a chain/),
    ])
    expect(faultsOf({ chains: {} })).toEqual(['chains: at least one chain'])
  })

  test('is told where a section of one chain belongs', () => {
    expect(faultsOf({ ...chainOf(1), chains: { ethereum: chainOf(1) } })).toEqual([
      'chain: the file names chains, so it belongs to one of them; move it to chains.NAME.chain',
      'sources: the file names chains, so it belongs to one of them; move it to chains.NAME.sources',
    ])
  })

  test('may not keep two chains in one file', () => {
    const store = 'sqlite:./both.db'
    expect(
      faultsOf({ chains: { ethereum: chainOf(1, { store }), base: chainOf(8_453, { store }) } }),
    ).toEqual([
      'chains.base.store: the chains.ethereum.store section names that file; name another one',
      'chains.base.raw: the chains.ethereum.raw section names that file; name another one',
    ])
  })

  test('is found by name or by id, and an unknown chain is refused with those that there are', () => {
    const path = write({ chains: { ethereum: chainOf(1), base: chainOf(8_453) } })
    expect(readSettings(path).chain.name).toBe('ethereum')
    expect(readSettings(path, 'Base').chain.id).toBe(8_453)
    expect(readSettings(path, '8453').chain.name).toBe('base')
    expect(() => readSettings(path, 'optimism')).toThrow(
      '--chain: it takes the name or the id of a chain: ethereum (1), base (8453); here is "optimism"',
    )
    const one = write(chainOf(1))
    expect(readSettings(one, '1').chain.name).toBe('1')
    expect(() => readSettings(one, 'base')).toThrow('the id of a chain: 1; here is "base"')
  })
})
