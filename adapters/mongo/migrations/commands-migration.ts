import { BSON, type Document } from 'mongodb'
import type { Migration } from '#core/operations/migration.ts'

/** A migration of commands as the server takes them. Each must do no harm when it is run again. */
export const commandsMigration = (
  number: number,
  name: string,
  commands: readonly Document[],
): Migration => ({ number, name, steps: commands.map((command) => BSON.EJSON.stringify(command)) })

/** The commands again. */
export const commandsOf = ({ steps }: Migration): Document[] =>
  steps.map((step) => BSON.EJSON.parse(step) as Document)
