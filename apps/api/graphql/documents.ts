import type { DocumentNode } from 'graphql'
import { LRUCache } from 'lru-cache'

/** Parsed operations that are known to be valid, by their text. */
export type Documents = {
  get(text: string): DocumentNode | undefined
  isKnown(document: DocumentNode): boolean
  keep(document: DocumentNode): void
}

const CACHED_BYTES_MAX = 32 * 1024 * 1024
/** Far more than an application has; it bounds what the estimate of bytes leaves out. */
const DOCUMENTS_MAX = 2_000
/** A document by itself, its source and its place in the cache. */
const DOCUMENT_BYTES = 4_000
/** A token with its nodes, their places in the text and their empty lists: measured, and rounded up. */
const TOKEN_BYTES = 800

/**
 * Only what is valid is kept: an error holds the document, its text and a message for each fault, which is more than the
 * work of finding it again costs. The size is what a document holds in memory, since a short text may parse to a hundred
 * times its length.
 */
export function createDocuments(): Documents {
  const byText = new LRUCache<string, DocumentNode>({
    max: DOCUMENTS_MAX,
    maxSize: CACHED_BYTES_MAX,
    sizeCalculation: bytesOf,
  })
  return {
    get: (text) => byText.get(text),
    isKnown: (document) => {
      const text = document.loc?.source.body
      return text !== undefined && byText.peek(text) === document
    },
    keep(document) {
      const text = document.loc?.source.body
      if (text !== undefined) byText.set(text, document)
    },
  }
}

function bytesOf({ loc }: DocumentNode, text: string): number {
  let tokens = 0
  for (let token = loc?.startToken; token; token = token.next ?? undefined) tokens++
  return DOCUMENT_BYTES + 2 * text.length + TOKEN_BYTES * tokens
}
