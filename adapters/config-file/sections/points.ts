import { z } from 'zod'
import { section } from './section.ts'

/** The ledger of points that this deployment keeps; null: none. */
export type PointsSettings = {
  /** Its name in people's records. */
  readonly ledger: string
} | null

const schema = z.strictObject({
  ledger: z
    .string()
    .regex(/^[A-Za-z0-9][A-Za-z0-9:._@~-]{0,99}$/, 'not 1 to 100 letters, digits or :._@~-')
    .default('points')
    .meta({ description: 'The name of the ledger in the records' }),
})

type Raw = z.output<typeof schema>

export const pointsSection = section({
  schema: schema.nullable().default(null),
  toSettings: (raw: Raw | null): PointsSettings => raw,
})
