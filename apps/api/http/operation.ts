import type { z } from 'zod'
import type { Resource } from '#resources/resource.ts'
import type { Subjects } from './examples.ts'

/** What an answer holds: a page of things under `items`, or one thing under `item`. */
export type Returns<T> =
  | { readonly page: Resource<T>; readonly item?: never }
  | { readonly item: Resource<T>; readonly page?: never }

/** One method of a path, as the reference describes it. */
export type Operation = {
  /** Unique, and a name that programs can be made with: `listPools`. */
  readonly id: string
  /** One line: what it answers. */
  readonly summary: string
  /** Of the path and the query together. */
  readonly parameters: z.ZodObject
  /** What a POST takes. */
  readonly body?: z.ZodType
  readonly returns: { readonly page?: Resource; readonly item?: Resource }
  /** The block that the answer is true at is told beside it, and in which form; null: the answer is of no block. */
  readonly block: 'Block' | 'QuoteBlock' | null
  /** What it refuses beside what every operation does. */
  readonly refuses?: readonly Refusal[]
  /** Headers that a client must or may send. */
  readonly headers?: z.ZodObject
  /** Whether the client has to say who it is. */
  readonly isForKnown?: boolean
  /** A request that is answered where its subjects are indexed; by name, as the client writes them. */
  readonly example: (of: Subjects) => Example
}

export type Example = {
  readonly parameters?: Readonly<Record<string, string>>
  readonly headers?: Readonly<Record<string, string>>
  readonly body?: object
  /** Where the answer is another than 200, as for a quote that needs a node. */
  readonly status?: number
}

export type Refusal = { readonly status: number; readonly when: string }
