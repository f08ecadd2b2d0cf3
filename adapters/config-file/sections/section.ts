import type { z } from 'zod'

/** Where a configuration file is: paths in it are relative to its folder. */
type FileContext = { readonly folder: string }

/** One section of the configuration file: what it may hold, and what that means. */
export type Section<Schema extends z.ZodType, Settings> = {
  /** What the section may hold, each value by itself. */
  readonly schema: Schema
  /** The section in the terms of core; of what the schema has let through. */
  toSettings(raw: z.output<Schema>, context: FileContext): Settings
  /** What is wrong with values that are right by themselves, each with its path. */
  faults?(raw: z.output<Schema>): string[]
  /** Texts of the section that no log line may hold. */
  secrets?(raw: z.output<Schema>): string[]
}

/** The same; for the types that it has. */
export const section = <Schema extends z.ZodType, Settings>(
  of: Section<Schema, Settings>,
): Section<Schema, Settings> => of
