import { readFileSync } from 'node:fs'
import { dirname, resolve } from 'node:path'
import { type Address, parseAddress } from '#core/chain.ts'
import { AppError, messageOf } from '#core/errors.ts'
import type { ProofMode } from '#core/indexing/backfill.ts'
import {
  chainProfiles,
  type Commitments,
  type HeaderForm,
  profileNameOf,
} from '#core/indexing/chain-profiles.ts'
import type { Source } from '#core/indexing/source.ts'
import { type ConfigFile, configSchema } from './schema.ts'

/** Where history is kept. */
export type StoreSetting =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'mongodb'; readonly url: string }

/** Contracts that are called, not indexed. */
type Periphery = { readonly positionManager?: Address; readonly quoter?: Address }

/** A Uniswap V4 pool with a static fee and without hooks; tokens sorted. */
export type PoolV4Setting = {
  readonly manager: Address
  readonly token0: Address
  readonly token1: Address
  readonly feePips: number
  readonly tickSpacing: number
}

/** What quotes need beyond the sources. */
type QuotesSetting = {
  readonly router: Address | null
  readonly wrappedNative: Address | null
  readonly nativeSymbol: string
  readonly hubs: readonly Address[]
  readonly pools: readonly PoolV4Setting[]
}

/** A node's address, and how often it may be asked. */
type RpcSetting = {
  readonly url: string
  readonly perSecondMax?: number
  readonly atOnceMax?: number
}

/** A configuration file, validated and in domain terms. */
export type Settings = {
  readonly path: string
  readonly chain: {
    readonly id: number
    readonly rpc: readonly RpcSetting[]
    readonly finality: 'finalized' | number
    readonly pollMs: number
    readonly proof: ProofMode
    /** What the chain's headers commit to, by its profile and the settings beside it. */
    readonly commits: Commitments
    /** How its headers hash; null where that is not known. */
    readonly headerForm: HeaderForm | null
  }
  readonly store: StoreSetting
  readonly sources: readonly Source[]
  readonly periphery: readonly Periphery[]
  readonly api: ConfigFile['api']
  readonly indexer: ConfigFile['indexer']
  readonly quotes: QuotesSetting
  /** What no log line may hold: URLs with keys or passwords, and these themselves. */
  readonly secrets: readonly string[]
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads a JSON configuration file. `${NAME}` in any text stands for that variable of the environment, so that secrets
 * and URLs need not be in the file.
 *
 * @throws AppError `invalid` that lists every fault with its path
 */
export function loadSettings(path: string, env: Environment): Settings {
  const faults: string[] = []
  const raw = substitute(readJson(path), env, [], faults)
  const parsed = configSchema.safeParse(raw)
  // What stands for a missing variable has been named already.
  if (!parsed.success) faults.push(...parsed.error.issues.flatMap(describeIssue))
  else faults.push(...describeDuplicates(parsed.data), ...describeQuotes(parsed.data.quotes))
  if (faults.length > 0 || !parsed.success) throw invalid(path, faults)
  return Object.freeze(toSettings(path, parsed.data))
}

function readJson(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    throw new AppError(
      'invalid',
      `config: ${path} cannot be read (${(cause as NodeJS.ErrnoException).code ?? messageOf(cause)}); name the file with --config`,
      { details: { field: 'config' }, cause },
    )
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    throw invalid(path, [`not JSON: ${messageOf(cause)}`])
  }
}

const invalid = (path: string, faults: readonly string[]): AppError =>
  new AppError(
    'invalid',
    `config: ${path} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n` +
      `${faults.map((fault) => `  ${fault}`).join('\n')}\n` +
      '`halyard config schema` prints what it may hold',
    { details: { field: 'config', faults: faults.length } },
  )

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

function substitute(
  value: unknown,
  env: Environment,
  path: readonly PropertyKey[],
  faults: string[],
): unknown {
  if (typeof value === 'string') {
    return value.replaceAll(VARIABLE, (text, name: string) => {
      const found = env[name]
      if (found === undefined)
        faults.push(`${pathText(path)}: the environment has no variable ${name}`)
      return found ?? text
    })
  }
  if (Array.isArray(value))
    return value.map((item, index) => substitute(item, env, [...path, index], faults))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value).map(([name, item]) => [
      name,
      substitute(item, env, [...path, name], faults),
    ]),
  )
}

/** `sources[2].factory` */
const pathText = (path: readonly PropertyKey[]): string =>
  path.length === 0
    ? 'the file'
    : path
        .map((part, index) =>
          typeof part === 'number' ? `[${part}]` : index === 0 ? String(part) : `.${String(part)}`,
        )
        .join('')

type Issue = {
  readonly code?: string
  readonly path: readonly PropertyKey[]
  readonly message: string
  readonly keys?: readonly string[]
}

function describeIssue(issue: Issue): string[] {
  if (issue.code === 'unrecognized_keys')
    return (issue.keys ?? []).map((key) => `${pathText([...issue.path, key])}: no such setting`)
  return [`${pathText(issue.path)}: ${issue.message}`]
}

/** Two sources of one contract would count its events twice over. */
function describeDuplicates(file: ConfigFile): string[] {
  const seen = new Map<string, string>()
  const faults: string[] = []
  for (const [index, source] of file.sources.entries()) {
    const field = 'factory' in source ? 'factory' : 'address'
    const contract = ('factory' in source ? source.factory : source.address).toLowerCase()
    const path = pathText(['sources', index, field])
    const first = seen.get(contract)
    if (first) faults.push(`${path}: ${contract} is ${first} already`)
    else seen.set(contract, path)
    if (source.kind === 'pool' && source.token0.toLowerCase() >= source.token1.toLowerCase())
      faults.push(
        `${pathText(['sources', index, 'token0'])}: pools sort their tokens; swap the two`,
      )
  }
  return faults
}

/** A hub or a pool that is named twice is most likely another one misspelt. */
function describeQuotes({ hubs, pools }: ConfigFile['quotes']): string[] {
  const seen = new Map<string, string>()
  const faults: string[] = []
  const refuseSeen = (what: string, path: string, text: string): void => {
    const first = seen.get(what)
    if (first) faults.push(`${path}: ${text} is ${first} already`)
    else seen.set(what, path)
  }
  for (const [index, hub] of hubs.entries()) {
    const token = hub.toLowerCase()
    refuseSeen(token, pathText(['quotes', 'hubs', index]), token)
  }
  for (const [index, pool] of pools.entries()) {
    const path = ['quotes', 'pools', index]
    refuseSeen(JSON.stringify(toPoolV4(pool)), pathText(path), 'the pool')
    if (pool.token0.toLowerCase() >= pool.token1.toLowerCase())
      faults.push(`${pathText([...path, 'token0'])}: pools sort their tokens; swap the two`)
  }
  return faults
}

function toProofs(chain: ConfigFile['chain']): Pick<Settings['chain'], 'commits' | 'headerForm'> {
  const profile = chainProfiles[chain.profile ?? profileNameOf(chain.id)]
  const { bloom, receiptsRoot, outsideRoot, settledLater, since } = profile
  const isProven = chain.receiptsRoot ?? receiptsRoot
  const headerForm =
    chain.headerHash === undefined
      ? profile.headerForm
      : chain.headerHash
        ? (profile.headerForm ?? 'ethereum')
        : null
  return {
    headerForm,
    commits: { bloom, receiptsRoot: isProven, outsideRoot, settledLater, since },
  }
}

function toSettings(path: string, file: ConfigFile): Settings {
  return {
    path,
    chain: {
      id: file.chain.id,
      rpc: file.chain.rpc.map(toRpc),
      finality: file.chain.finality,
      pollMs: file.chain.poll,
      proof: file.chain.proof,
      ...toProofs(file.chain),
    },
    store: toStore(path, file.store),
    sources: file.sources.map(toSource),
    periphery: file.sources.flatMap((source) =>
      source.kind === 'uniswap-v3'
        ? [
            {
              ...(source.positionManager && { positionManager: parse(source.positionManager) }),
              ...(source.quoter && { quoter: parse(source.quoter) }),
            },
          ]
        : [],
    ),
    api: file.api,
    indexer: file.indexer,
    quotes: toQuotes(file.quotes),
    secrets: secretsIn(file),
  }
}

function toRpc(endpoint: ConfigFile['chain']['rpc'][number]): RpcSetting {
  if (typeof endpoint === 'string') return { url: endpoint }
  const { url, requestsPerSecond, atOnce } = endpoint
  return {
    url,
    atOnceMax: atOnce,
    ...(requestsPerSecond !== undefined && { perSecondMax: requestsPerSecond }),
  }
}

/** Names of paths are shorter, keys are not. */
const KEY_LENGTH_MIN = 16

/** The user's part of a URL, also of one that names several hosts, which is no URL to `URL`. */
const CREDENTIALS = /^[a-z+]+:\/\/(?:([^:@/]*)(?::([^@]*))?@)?/i

const secretsIn = ({ chain: { rpc }, store }: ConfigFile): string[] =>
  [...rpc.map((endpoint) => toRpc(endpoint).url), store].flatMap((text) => {
    if (text.startsWith('sqlite:')) return []
    const [, user = '', password = ''] = CREDENTIALS.exec(text) ?? []
    const parsed = URL.parse(text)
    const parts = [
      user,
      ...(parsed ? [...parsed.pathname.split('/'), ...parsed.searchParams.values()] : []),
    ]
    const keys = [password, ...parts.filter((part) => part.length >= KEY_LENGTH_MIN)]
    const secrets = keys.flatMap((key) => (key === '' ? [] : [key, decodeOrSelf(key)]))
    return secrets.length > 0 ? [text, ...new Set(secrets)] : []
  })

function decodeOrSelf(text: string): string {
  try {
    return decodeURIComponent(text)
  } catch {
    return text
  }
}

/** Of what the schema has let through. */
const parse = (address: string): Address => parseAddress(address, 'config')

function toStore(path: string, store: string): StoreSetting {
  if (!store.startsWith('sqlite:')) return { kind: 'mongodb', url: store }
  return { kind: 'sqlite', path: resolve(dirname(path), store.slice('sqlite:'.length)) }
}

const toQuotes = ({
  router,
  wrappedNative,
  nativeSymbol,
  hubs,
  pools,
}: ConfigFile['quotes']): QuotesSetting => ({
  nativeSymbol,
  router: router === undefined ? null : parse(router),
  wrappedNative: wrappedNative === undefined ? null : parse(wrappedNative),
  hubs: hubs.map(parse),
  pools: pools.map(toPoolV4),
})

const toPoolV4 = (pool: ConfigFile['quotes']['pools'][number]): PoolV4Setting => ({
  manager: parse(pool.manager),
  token0: parse(pool.token0),
  token1: parse(pool.token1),
  feePips: pool.fee,
  tickSpacing: pool.tickSpacing,
})

const PIPS_PER_BASIS_POINT = 100

function toSource(source: ConfigFile['sources'][number]): Source {
  const startBlock = source.startBlock ?? null
  switch (source.kind) {
    case 'uniswap-v2':
      return {
        kind: source.kind,
        factory: parse(source.factory),
        feePips: Math.round(source.feeBps * PIPS_PER_BASIS_POINT),
        startBlock,
      }
    case 'uniswap-v3':
      return { kind: source.kind, factory: parse(source.factory), feePips: null, startBlock }
    case 'pool':
      return {
        kind: source.kind,
        protocol: source.protocol,
        address: parse(source.address),
        token0: parse(source.token0),
        token1: parse(source.token1),
        feePips:
          source.protocol === 'uniswap-v2'
            ? Math.round(source.feeBps * PIPS_PER_BASIS_POINT)
            : source.fee,
        startBlock,
      }
    case 'erc721':
    case 'erc1155':
      return { kind: source.kind, address: parse(source.address), startBlock }
    default:
      return source satisfies never
  }
}
