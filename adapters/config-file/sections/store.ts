import { resolve } from 'node:path'
import { z } from 'zod'
import { secretsOfUrl } from './secrets.ts'
import { type Section, section } from './section.ts'

/** A file or database. */
export type StoreSetting =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'mongodb'; readonly url: string }

const SQLITE = 'sqlite:'

/** @param fallback where it is unless said */
const storedAt = (fallback: string, description: string) =>
  z
    .string()
    .regex(
      /^(sqlite:.+|mongodb(\+srv)?:\/\/.+)$/,
      'neither sqlite:PATH nor a mongodb:// connection string',
    )
    .default(fallback)
    .meta({ description })

const storage = (
  schema: ReturnType<typeof storedAt>,
): Section<ReturnType<typeof storedAt>, StoreSetting> =>
  section({
    schema,
    toSettings: (text, { folder }): StoreSetting =>
      text.startsWith(SQLITE)
        ? { kind: 'sqlite', path: resolve(folder, text.slice(SQLITE.length)) }
        : { kind: 'mongodb', url: text },
    secrets: (text) => (text.startsWith(SQLITE) ? [] : secretsOfUrl(text)),
  })

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
