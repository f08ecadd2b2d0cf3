import { readFileSync } from 'node:fs'
import { dirname } from 'node:path'
import type { z } from 'zod'
import { AppError, messageOf } from '#core/errors.ts'
import type { ApiSettings } from './sections/api.ts'
import type { ChainSettings } from './sections/chain.ts'
import { describeIssue, explainIssue } from './fault-text.ts'
import type { IndexerSettings } from './sections/indexer.ts'
import type { OwnershipSettings } from './sections/ownership.ts'
import { pathText } from './sections/path-text.ts'
import type { QuotesSettings } from './sections/quotes.ts'
import { type ConfigFile, configSchema, sections } from './schema.ts'
import type { Section } from './sections/section.ts'
import type { SourcesSettings } from './sections/sources.ts'
import type { WorkersSettings } from './sections/workers.ts'
import { type RawSetting, placeOf, rawBeside, type StoreSetting } from './sections/store.ts'

/** A configuration file, validated and in domain terms. */
export type Settings = SourcesSettings & {
  readonly path: string
  readonly chain: ChainSettings
  readonly store: StoreSetting
  readonly raw: RawSetting
  readonly records: StoreSetting
  readonly api: ApiSettings
  readonly indexer: IndexerSettings
  readonly workers: WorkersSettings
  readonly quotes: QuotesSettings
  readonly ownership: OwnershipSettings
  /** What no log line may hold: URLs with keys or passwords, and these themselves. */
  readonly secrets: readonly string[]
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
export function loadSettings(path: string, env: Environment): Settings {
  const { value, missing } = substitute(readJson(path), env)
  const parsed = configSchema.safeParse(value, { error: explainIssue })
  const faults = missing.map(
    ({ field, name }) => `${field}: the environment has no variable ${name}`,
  )
  if (!parsed.success) {
    // What stands for a missing variable has been named already.
    const named = new Set(missing.map(({ field }) => field))
    const issues = parsed.error.issues.filter((issue) => !named.has(pathText(issue.path)))
    faults.push(...issues.flatMap(describeIssue))
  }
  faults.push(...faultsInSections(value))
  if (faults.length > 0 || !parsed.success) throw invalid(path, faults)
  const settings = toSettings(path, parsed.data)
  if (placeOf(settings.store) === placeOf(settings.records))
    throw invalid(path, [
      'records: the store is kept there; name another file or database, for a store may be thrown away and made anew',
    ])
  const { raw } = settings
  for (const [name, place] of [
    ['store', settings.store],
    ['records', settings.records],
  ] as const)
    if (raw.kind === 'sqlite' && placeOf(raw) === placeOf(place))
      throw invalid(path, [`raw: the ${name} section names that file; name another one`])
  return Object.freeze(settings)
}

const eachSection = Object.entries<Section<z.ZodType, unknown>>(sections)

/** Of sections that are right as far as the schema goes, whatever is wrong with the others. */
function faultsInSections(file: unknown): string[] {
  if (typeof file !== 'object' || file === null) return []
  const raw = file as Readonly<Record<string, unknown>>
  return eachSection.flatMap(([name, { schema, faults }]) => {
    const parsed = schema.safeParse(raw[name])
    return parsed.success && faults ? faults(parsed.data) : []
  })
}

function toSettings(path: string, file: ConfigFile): Settings {
  const context = { folder: dirname(path) }
  const store = sections.store.toSettings(file.store, context)
  return {
    path,
    chain: sections.chain.toSettings(file.chain, context),
    store,
    raw: sections.raw.toSettings(file.raw, context) ?? rawBeside(store),
    records: sections.records.toSettings(file.records, context),
    ...sections.sources.toSettings(file.sources, context),
    api: sections.api.toSettings(file.api, context),
    indexer: sections.indexer.toSettings(file.indexer, context),
    workers: sections.workers.toSettings(file.workers, context),
    quotes: sections.quotes.toSettings(file.quotes, context),
    ownership: sections.ownership.toSettings(file.ownership, context),
    secrets: eachSection.flatMap(
      ([name, { secrets }]) => secrets?.(file[name as keyof typeof sections]) ?? [],
    ),
  }
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
