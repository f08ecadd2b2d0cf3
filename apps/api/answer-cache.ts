import { LRUCache } from 'lru-cache'
import type { View } from '#core/history/head.ts'

/** Who may get an answer: anyone, or one person alone. */
export type AnswerScope = 'anyone' | { readonly person: string }

/** Where an answer was read: at a view, or at those of several chains. */
type ReadAt = View | readonly View[]

/** An answer, and whether the same request at the same head has it again. */
type Computed = { readonly text: string; readonly isLive: boolean }

/**
 * Answers that many clients ask for while the head stands where it is, as the text that goes over the wire. Each is
 * found only in the scope that it was made for.
 */
export type AnswerCache = {
  get(scope: AnswerScope, at: ReadAt, request: string): string | undefined
  set(scope: AnswerScope, at: ReadAt, request: string, answer: string): void
  /** The answer that is kept, the one that is being computed for somebody else in the scope, or that of `compute`. */
  share(
    scope: AnswerScope,
    at: ReadAt,
    request: string,
    compute: () => Promise<Computed>,
  ): Promise<Computed>
}

const CACHED_BYTES_MAX = 32 * 1024 * 1024
/** A larger answer would push out many others. */
const ANSWER_BYTES_MAX = 1024 * 1024
/** What an entry takes beside its characters: counted, since answers may be as short as `{}`. */
const ENTRY_BYTES = 500

/**
 * What is read at a head never changes, so an answer is named by the head and the request; those of older heads fall
 * out by themselves. An answer with anything live in it is not kept.
 */
export function createAnswerCache(): AnswerCache {
  const answers = new LRUCache<string, string>({
    maxSize: CACHED_BYTES_MAX,
    maxEntrySize: ANSWER_BYTES_MAX,
    // A character outside of Latin-1 makes a text take two bytes for each.
    sizeCalculation: (answer, key) => 2 * (answer.length + key.length) + ENTRY_BYTES,
  })
  const underWay = new Map<string, Promise<Computed>>()
  // As JSON, so that no name of a person can pass for a part of another key.
  const keyOf = (scope: AnswerScope, at: ReadAt, request: string): string =>
    JSON.stringify([scope, [at].flat().map(tagOf), request])

  async function computeOnce(key: string, compute: () => Promise<Computed>): Promise<Computed> {
    try {
      const computed = await compute()
      if (!computed.isLive) answers.set(key, computed.text)
      return computed
    } finally {
      underWay.delete(key)
    }
  }

  return {
    get: (scope, at, request) => answers.get(keyOf(scope, at, request)),
    set: (scope, at, request, answer) => void answers.set(keyOf(scope, at, request), answer),
    async share(scope, at, request, compute) {
      const key = keyOf(scope, at, request)
      const text = answers.get(key)
      if (text !== undefined) return { text, isLive: false }
      const known = underWay.get(key)
      if (known) return known
      const computing = computeOnce(key, compute)
      underWay.set(key, computing)
      return computing
    },
  }
}

/** Names a head of a chain, and with it everything that can be read there. */
export const tagOf = ({ chainId, head }: View): string =>
  `${chainId}-${head.move}-${head.digest.events.slice(2, 34)}`
