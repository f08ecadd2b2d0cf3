import type { z } from 'zod'
import type { Settings } from './load.ts'
import { chainSections, sections } from './schema.ts'
import { pathText } from './sections/path-text.ts'
import type { Section } from './sections/section.ts'
import { placeOf } from './sections/store.ts'

/*
 * What is wrong with a file whose every value may be right by itself.
 */

export const isObject = (value: unknown): value is Readonly<Record<string, unknown>> =>
  typeof value === 'object' && value !== null

export const eachSection = Object.entries<Section<z.ZodType, unknown>>(sections)

/** Of sections that are right as far as the schema goes, whatever is wrong with the others. */
export function faultsInSections(file: unknown): string[] {
  if (!isObject(file)) return []
  return eachSection.flatMap(([name, { schema, faults }]) => {
    const parsed = schema.safeParse(file[name])
    return parsed.success && faults ? faults(parsed.data) : []
  })
}

/** A section of one chain at the top of a file of several: most likely the file had one chain before. */
export function misplaced(fault: string): string {
  const [, name = ''] = /^(\w+): no such setting$/.exec(fault) ?? []
  return Object.hasOwn(chainSections, name)
    ? `${name}: the file names chains, so it belongs to one of them; move it to chains.NAME.${name}`
    : fault
}

/** In URLs, file names and labels of metrics; a letter first, so that none looks like an id. */
const CHAIN_NAME = /^[a-z][a-z0-9-]{0,31}$/

/** Of a file of several chains: of each of them, and of their names and ids. */
export function faultsOfChains(file: Readonly<Record<string, unknown>>): string[] {
  const faults = faultsInSections({ ...file, chain: undefined, sources: undefined })
  const { chains, defaultChain } = file
  if (!isObject(chains) || Array.isArray(chains)) return faults
  const names = Object.keys(chains)
  if (names.length === 0) faults.push('chains: at least one chain')
  if (typeof defaultChain === 'string' && names.length > 0 && !names.includes(defaultChain))
    faults.push(`defaultChain: no such chain; there are ${names.join(', ')}`)
  const seen = new Map<number, string>()
  for (const [name, own] of Object.entries(chains)) {
    const path = pathText(['chains', name])
    if (!CHAIN_NAME.test(name))
      faults.push(
        `${path}: not a name of a chain: 1 to 32 small letters, digits and dashes, a letter first`,
      )
    faults.push(...faultsInSections(own).map((fault) => `${path}.${fault}`))
    const id = isObject(own) && isObject(own.chain) ? own.chain.id : undefined
    if (typeof id !== 'number') continue
    const first = seen.get(id)
    if (first) faults.push(`${path}.chain.id: ${id} is ${first}.chain.id already`)
    else seen.set(id, path)
  }
  return faults
}

/** Of places where two things would be kept that must not be kept together. */
export function faultsOfPlaces(chains: readonly Settings[]): string[] {
  const faults = new Set<string>()
  const fields = new Map<string, string>()
  const claim = (where: Settings['raw'], field: string): void => {
    if (where.kind !== 'sqlite') return
    const first = fields.get(placeOf(where))
    if (first === undefined) fields.set(placeOf(where), field)
    else faults.add(`${field}: the ${first} section names that file; name another one`)
  }
  for (const { records } of chains.slice(0, 1)) claim(records, 'records')
  for (const { chain, store, raw, records } of chains) {
    const front = chains.length === 1 ? '' : `chains.${chain.name}.`
    if (placeOf(store) === placeOf(records))
      faults.add(
        'records: the store is kept there; name another file or database, for a store may be thrown away and made anew',
      )
    else claim(store, `${front}store`)
    claim(raw, `${front}raw`)
  }
  return [...faults]
}
