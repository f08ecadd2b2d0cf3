import { createMemoryIdempotentAnswers } from '#adapters/memory/idempotent-answers.ts'
import type { IdempotentAnswers } from '#core/access/ports.ts'

const LIMITS = {
  // A client that has not heard of its request for a day looks for what became of it, and does not send it again.
  keepMs: 24 * 3_600_000,
  // Some kilobytes each.
  keysMax: 20_000,
  keysOfScopeMax: 2_000,
} as const

/** Answers of commands by the keys of clients. @param nowMs a clock that never goes back */
export const openIdempotentAnswers = (nowMs: () => number): IdempotentAnswers =>
  createMemoryIdempotentAnswers(LIMITS, nowMs)
