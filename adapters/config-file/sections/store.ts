import { resolve } from 'node:path'
import { z } from 'zod'
import { secretsOfUrl } from './secrets.ts'
import { section } from './section.ts'

/** Where history is kept. */
export type StoreSetting =
  | { readonly kind: 'sqlite'; readonly path: string }
  | { readonly kind: 'mongodb'; readonly url: string }

const SQLITE = 'sqlite:'

const schema = z
  .string()
  .regex(
    /^(sqlite:.+|mongodb(\+srv)?:\/\/.+)$/,
    'neither sqlite:PATH nor a mongodb:// connection string',
  )
  .default('sqlite:./halyard.db')
  .meta({ description: 'sqlite:PATH (relative to this file) or mongodb://HOST/DATABASE' })

export const storeSection = section({
  schema,
  toSettings: (text, { folder }): StoreSetting =>
    text.startsWith(SQLITE)
      ? { kind: 'sqlite', path: resolve(folder, text.slice(SQLITE.length)) }
      : { kind: 'mongodb', url: text },
  secrets: (text) => (text.startsWith(SQLITE) ? [] : secretsOfUrl(text)),
})
