import type { IdempotentAnswers, KeptAnswer } from '#core/access/ports.ts'
import type { Hash } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'

export type IdempotentLimits = {
  /** How long a key is remembered after it was claimed. */
  readonly keepMs: number
  /** Keys that are remembered in all, and in one scope. */
  readonly keysMax: number
  readonly keysOfScopeMax: number
}

type Entry = { readonly request: Hash; readonly until: number; answer?: KeptAnswer }

/**
 * Keys in the memory of this process: for one process, and until it ends. A key is never forgotten before its time, since
 * the command would then be done twice; where there is no room, new ones are refused.
 *
 * @param nowMs a clock that never goes back
 */
export function createMemoryIdempotentAnswers(
  { keepMs, keysMax, keysOfScopeMax }: IdempotentLimits,
  nowMs: () => number,
): IdempotentAnswers {
  /** In the order of their claims, which is that of their ends. */
  const scopes = new Map<string, Map<string, Entry>>()
  let count = 0

  function forgetOld(scope: string, keys: Map<string, Entry>): void {
    const now = nowMs()
    for (const [key, { until, answer }] of keys) {
      if (until > now) break
      // What is still being done may not be begun again.
      if (answer) remove(scope, keys, key)
    }
  }

  function remove(scope: string, keys: Map<string, Entry>, key: string): void {
    if (keys.delete(key)) count--
    if (keys.size === 0) scopes.delete(scope)
  }

  return {
    async claim(scope, key, request) {
      const known = scopes.get(scope)
      if (known) forgetOld(scope, known)
      if (count >= keysMax) for (const [name, keys] of scopes) forgetOld(name, keys)
      const entry = scopes.get(scope)?.get(key)
      if (entry) {
        if (entry.request !== request) return { status: 'other-request' }
        return entry.answer ? { status: 'answered', answer: entry.answer } : { status: 'under-way' }
      }
      const keys = scopes.get(scope) ?? new Map<string, Entry>()
      if (count >= keysMax || keys.size >= keysOfScopeMax)
        throw new AppError('unavailable', 'too many commands were sent lately; ask again later', {
          details: { reason: 'busy' },
          audience: 'client',
        })
      keys.set(key, { request, until: nowMs() + keepMs })
      scopes.set(scope, keys)
      count++
      return { status: 'claimed' }
    },
    async keep(scope, key, answer) {
      const entry = scopes.get(scope)?.get(key)
      if (entry) entry.answer = answer
    },
    async release(scope, key) {
      const keys = scopes.get(scope)
      if (keys && !keys.get(key)?.answer) remove(scope, keys, key)
    },
  }
}
