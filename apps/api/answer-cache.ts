import { LRUCache } from 'lru-cache'
import type { View } from '#core/history/head.ts'

/** Answers that many clients ask for while the head stands where it is, as the text that goes over the wire. */
export type AnswerCache = {
  get(view: View, request: string): string | undefined
  set(view: View, request: string, answer: string): void
}

const CACHED_BYTES_MAX = 32 * 1024 * 1024
/** A larger answer would push out many others. */
const ANSWER_BYTES_MAX = 1024 * 1024

/**
 * What is read at a head never changes, so an answer is named by the head and the request; those of older heads fall
 * out by themselves. An answer with anything live in it does not belong here.
 */
export function createAnswerCache(): AnswerCache {
  const answers = new LRUCache<string, string>({
    maxSize: CACHED_BYTES_MAX,
    maxEntrySize: ANSWER_BYTES_MAX,
    sizeCalculation: (answer, key) => answer.length + key.length,
  })
  const keyOf = (view: View, request: string): string => `${tagOf(view)} ${request}`
  return {
    get: (view, request) => answers.get(keyOf(view, request)),
    set: (view, request, answer) => void answers.set(keyOf(view, request), answer),
  }
}

/** Names a head, and with it everything that can be read there. */
export const tagOf = ({ head }: View): string => `${head.move}-${head.digest.events.slice(2, 34)}`
