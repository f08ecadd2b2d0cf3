import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import { AppError, assert, messageOf } from '#core/errors.ts'
import {
  eachSection,
  faultsInSections,
  faultsOfChains,
  faultsOfPlaces,
  isObject,
  misplaced,
} from './section-faults.ts'
import type { ApiSettings } from './sections/api.ts'
import type { ChainSettings } from './sections/chain.ts'
import { describeIssue, explainIssue } from './fault-text.ts'
import type { DiscordSettings } from './sections/discord.ts'
import type { IdentitySettings } from './sections/identity.ts'
import type { IndexerSettings } from './sections/indexer.ts'
import type { MetadataSettings } from './sections/metadata.ts'
import type { OwnershipSettings } from './sections/ownership.ts'
import type { PointsSettings } from './sections/points.ts'
import { pathText } from './sections/path-text.ts'
import type { QuotesSettings } from './sections/quotes.ts'
import {
  chainSections,
  type commonSections,
  type ManyChainsFile,
  manyChainsSchema,
  type OneChainFile,
  oneChainSchema,
  sections,
} from './schema.ts'
import type { RelaySettings } from './sections/relay.ts'
import type { SourcesSettings } from './sections/sources.ts'
import type { WebhooksSettings } from './sections/webhooks.ts'
import type { WorkersSettings } from './sections/workers.ts'
import { placeOfChain, type RawSetting, rawBeside, type StoreSetting } from './sections/store.ts'

/** One chain of a configuration file, with what is said of all of them; validated and in domain terms. */
export type Settings = SourcesSettings & {
  readonly path: string
  /** `name` is what people call it: where the file is of one chain, its id. */
  readonly chain: ChainSettings & { readonly name: string }
  readonly store: StoreSetting
  readonly raw: RawSetting
  readonly records: StoreSetting
  readonly api: ApiSettings
  readonly identity: IdentitySettings
  readonly discord: DiscordSettings
  readonly points: PointsSettings
  readonly indexer: IndexerSettings
  readonly workers: WorkersSettings
  readonly webhooks: WebhooksSettings
  readonly metadata: MetadataSettings
  readonly quotes: QuotesSettings
  readonly ownership: OwnershipSettings
  readonly relay: RelaySettings
  /** What no log line may hold: URLs with keys or passwords of any chain, and these themselves. */
  readonly secrets: readonly string[]
}

/** A whole configuration file. */
export type Deployment = {
  /** In the order of the file. */
  readonly chains: readonly Settings[]
  /** The chain that is meant where none is named. */
  readonly byDefault: Settings
}

/** A configuration file that cannot be used: all of its faults, each with its path, in the words of its remedy. */
export class InvalidConfig extends AppError {
  readonly faults: readonly string[]

  constructor(message: string, faults: readonly string[], cause?: unknown) {
    super('invalid', message, { details: { field: 'config', faults: faults.length }, cause })
    this.faults = faults
  }
}

type Environment = Readonly<Record<string, string | undefined>>

/**
 * Reads a JSON configuration file. `${NAME}` in any text stands for that variable of the environment, so that secrets
 * and URLs need not be in the file.
 *
 * @throws InvalidConfig that lists every fault with its path
 */
export function loadDeployment(path: string, env: Environment): Deployment {
  const { value, missing } = substitute(readJson(path), env)
  const isOfMany = isObject(value) && 'chains' in value
  const schema = isOfMany ? manyChainsSchema : oneChainSchema
  const parsed = schema.safeParse(value, { error: explainIssue })
  const faults = missing.map(
    ({ field, name }) => `${field}: the environment has no variable ${name}`,
  )
  if (!parsed.success) {
    // What stands for a missing variable has been named already.
    const named = new Set(missing.map(({ field }) => field))
    const issues = parsed.error.issues.filter((issue) => !named.has(pathText(issue.path)))
    faults.push(...issues.flatMap(describeIssue).map((text) => (isOfMany ? misplaced(text) : text)))
  }
  faults.push(...(isOfMany ? faultsOfChains(value) : faultsInSections(value)))
  if (faults.length > 0 || !parsed.success) throw invalid(path, faults)
  const deployment =
    'chains' in parsed.data ? ofManyChains(path, parsed.data) : ofOneChain(path, parsed.data)
  const clashes = faultsOfPlaces(deployment.chains)
  if (clashes.length > 0) throw invalid(path, clashes)
  return deployment
}

function toSettings(
  path: string,
  common: Pick<OneChainFile, keyof typeof commonSections>,
  own: Pick<OneChainFile, keyof typeof chainSections>,
  name: string,
  places: Pick<Settings, 'store' | 'raw'>,
  secrets: readonly string[],
): Settings {
  const context = { folder: dirname(path) }
  return Object.freeze({
    path,
    chain: { ...sections.chain.toSettings(own.chain, context), name },
    ...places,
    records: sections.records.toSettings(common.records, context),
    ...sections.sources.toSettings(own.sources, context),
    api: sections.api.toSettings(common.api, context),
    identity: sections.identity.toSettings(common.identity, context),
    discord: sections.discord.toSettings(common.discord, context),
    points: sections.points.toSettings(common.points, context),
    indexer: sections.indexer.toSettings(common.indexer, context),
    workers: sections.workers.toSettings(common.workers, context),
    webhooks: sections.webhooks.toSettings(common.webhooks, context),
    metadata: sections.metadata.toSettings(common.metadata, context),
    quotes: sections.quotes.toSettings(own.quotes, context),
    ownership: sections.ownership.toSettings(own.ownership, context),
    relay: sections.relay.toSettings(own.relay, context),
    secrets,
  })
}

/** Texts in any of these sections that no log line may hold. */
const secretsIn = (file: Readonly<Record<string, unknown>>): string[] =>
  eachSection.flatMap(([name, { secrets }]) =>
    file[name] === undefined ? [] : (secrets?.(file[name]) ?? []),
  )

function ofOneChain(path: string, file: OneChainFile): Deployment {
  const context = { folder: dirname(path) }
  const store = sections.store.toSettings(file.store, context)
  const raw = sections.raw.toSettings(file.raw, context) ?? rawBeside(store)
  const name = String(file.chain.id)
  const settings = toSettings(path, file, file, name, { store, raw }, secretsIn(file))
  return { chains: [settings], byDefault: settings }
}

function ofManyChains(path: string, file: ManyChainsFile): Deployment {
  const context = { folder: dirname(path) }
  const secrets = [file, ...Object.values(file.chains)].flatMap(secretsIn)
  const chains = Object.entries(file.chains).map(([name, own]) => {
    const store =
      own.store === undefined
        ? placeOfChain(sections.store.toSettings(file.store, context), name)
        : sections.store.toSettings(own.store, context)
    const said = sections.raw.toSettings(file.raw, context)
    const raw =
      sections.raw.toSettings(own.raw, context) ??
      (said ? placeOfChain(said, name) : rawBeside(store))
    return toSettings(path, file, own, name, { store, raw }, secrets)
  })
  const byDefault = chains.find(({ chain }) => chain.name === file.defaultChain) ?? chains[0]
  assert(byDefault, 'a file of several chains names one')
  return { chains, byDefault }
}

const JSON_PLACE = /\(line (\d+) column (\d+)\)/

function readJson(path: string): unknown {
  let text: string
  try {
    text = readFileSync(path, 'utf8')
  } catch (cause) {
    const code = (cause as NodeJS.ErrnoException).code ?? messageOf(cause)
    const fault = `cannot be read (${code}); name the file with --config`
    throw new InvalidConfig(`config: ${path} ${fault}`, [`it ${fault}`], cause)
  }
  try {
    return JSON.parse(text)
  } catch (cause) {
    // Without the words of the parser, which quote the file, and with it what is secret in it.
    const [, line, column] = JSON_PLACE.exec(messageOf(cause)) ?? []
    const place = line === undefined ? '' : `line ${line}, column ${column}: `
    throw invalid(path, [
      `${place}this is not JSON; look for a comma, a quote or a bracket that is missing or one too many`,
    ])
  }
}

const invalid = (path: string, faults: readonly string[]): InvalidConfig =>
  new InvalidConfig(
    `config: ${path} has ${faults.length === 1 ? 'a fault' : `${faults.length} faults`}:\n` +
      `${faults.map((fault) => `  ${fault}`).join('\n')}\n` +
      '`halyard config schema` prints what it may hold',
    faults,
  )

const VARIABLE = /\$\{([A-Za-z_][A-Za-z0-9_]*)\}/g

/** A setting that names a variable which is not there. */
type Missing = { readonly field: string; readonly name: string }

/** The file with the variables of the environment in the places of their names. */
function substitute(
  file: unknown,
  env: Environment,
): { readonly value: unknown; readonly missing: readonly Missing[] } {
  const missing: Missing[] = []

  function fill(value: unknown, path: readonly PropertyKey[]): unknown {
    if (typeof value === 'string') {
      return value.replaceAll(VARIABLE, (text, name: string) => {
        const found = env[name]
        if (found === undefined) missing.push({ field: pathText(path), name })
        return found ?? text
      })
    }
    if (Array.isArray(value)) return value.map((item, index) => fill(item, [...path, index]))
    if (typeof value !== 'object' || value === null) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, item]) => [name, fill(item, [...path, name])]),
    )
  }

  return { value: fill(file, []), missing }
}
