import { resolve } from 'node:path'
import { z } from 'zod'
import { secretsOfUrl } from './secrets.ts'
import { type Section, section } from './section.ts'

/** A file or database. */
export type StoreSetting =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'mongodb'; readonly url: string }

/** Where proven logs are kept; `off`: nowhere. */
export type RawSetting = StoreSetting | { readonly kind: 'off' }

/** Where it is, whatever options and user a URL has beside. */
export const placeOf = (setting: StoreSetting): string =>
  setting.kind === 'sqlite'
    ? setting.path
    : setting.url.replace(/^([^:]+:\/\/)(?:[^/]*@)?([^?]*).*$/s, '$1$2').toLowerCase()

const SQLITE = 'sqlite:'
const STORED_AT = /^(sqlite:.+|mongodb(\+srv)?:\/\/.+)$/

const storePlace = z
  .string()
  .regex(STORED_AT, 'neither sqlite:PATH nor a mongodb:// connection string')

/** @param fallback where it is unless said */
const storedAt = (fallback: string, description: string) =>
  storePlace.default(fallback).meta({ description })

const storage = (
  schema: ReturnType<typeof storedAt>,
): Section<ReturnType<typeof storedAt>, StoreSetting> =>
  section({
    schema,
    toSettings: (text, { folder }) => placeAt(text, folder),
    secrets: (text) => (text.startsWith(SQLITE) ? [] : secretsOfUrl(text)),
  })

const placeAt = (text: string, folder: string): StoreSetting =>
  text.startsWith(SQLITE)
    ? { kind: 'sqlite', path: resolve(folder, text.slice(SQLITE.length)) }
    : { kind: 'mongodb', url: text }

/** Chain history, which can be made anew from the chain. */
export const storeSection = storage(
  storedAt(
    'sqlite:./halyard.db',
    'Where chain history is kept: sqlite:PATH (relative to this file) or mongodb://HOST/DATABASE',
  ),
)

/** What people entrust to Halyard, which no chain can give back. */
export const recordsSection = storage(
  storedAt(
    'sqlite:./halyard-records.db',
    'Where people’s records are kept, which no chain can give back: another file or database than the store',
  ),
)

const OFF = 'off'

const rawPlace = z
  .string()
  .regex(STORED_AT, 'neither off, nor sqlite:PATH, nor a mongodb:// connection string')
  .or(z.literal(OFF))
  .optional()

const rawSchema = rawPlace.meta({
  description:
    'Where proven logs are kept, of which the history can be made anew without a node: sqlite:PATH, mongodb://HOST/DATABASE, ' +
    'or off. Left out: beside the store, in a file whose name ends in -raw, or in the same database',
})

/** The same for one of several chains, where it is kept apart from the others. */
export const placeOfOne = storePlace.optional().meta({
  description:
    'Where the history of this chain is kept, if not where store says; a file of SQLite holds one chain',
})
export const rawOfOne = rawPlace.meta({
  description: 'Where proven logs of this chain are kept, if not where raw says',
})

/** Proven logs. Undefined: beside the store. */
export const rawSection = section({
  schema: rawSchema,
  toSettings: (text, { folder }): RawSetting | undefined => {
    if (text === undefined) return undefined
    return text === OFF ? { kind: 'off' } : placeAt(text, folder)
  },
  secrets: (text) =>
    text === undefined || text === OFF || text.startsWith(SQLITE) ? [] : secretsOfUrl(text),
})

const EXTENSION = /(\.[^./\\]+)?$/

/**
 * Where one of several chains is kept, of a place that is said for all of them. A database holds them side by side; a
 * file of SQLite has one writer at a time and is damaged as a whole, so each chain has its own, with its name in it.
 */
export const placeOfChain = <S extends RawSetting>(setting: S, name: string): S =>
  setting.kind === 'sqlite'
    ? { ...setting, path: setting.path.replace(EXTENSION, `-${name}$1`) }
    : setting

/** Where proven logs are kept unless said. */
export const rawBeside = (store: StoreSetting): RawSetting =>
  store.kind === 'sqlite'
    ? { kind: 'sqlite', path: store.path.replace(EXTENSION, '-raw$1') }
    : store
