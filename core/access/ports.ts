import type { Hash } from '#core/chain.ts'
import type { Scope } from './scope.ts'

/** Who asks: nobody in particular, or somebody that has proven it. */
type Principal = { readonly kind: 'anonymous' } | KnownPrincipal

/** `id` is unique within its kind and never given to another. */
export type KnownPrincipal = {
  /** A program by its API key, or a person by a session. */
  readonly kind: 'key' | 'person'
  readonly id: string
  /** What the key is good for. A person has none: it may do what concerns its own things. */
  readonly scopes: readonly Scope[]
}

export type PrincipalResolver = {
  /**
   * @param authorization the header of that name, where there is one
   * @throws AppError `unauthenticated` where it proves nothing: it is never taken for anonymous
   */
  resolve(authorization: string | undefined): Promise<Principal>
}

/** An answer as it went over the wire. */
export type KeptAnswer = {
  readonly status: number
  /** The media type of the body. */
  readonly type: string
  readonly body: string
}

/** What is known of a key of one principal for one command. */
type Claim =
  /** It is new: it is the caller's to do, and then to keep or release. */
  | { readonly status: 'claimed' }
  | { readonly status: 'answered'; readonly answer: KeptAnswer }
  /** The same request is being done by somebody else. */
  | { readonly status: 'under-way' }
  /** The key was used for another request. */
  | { readonly status: 'other-request' }

/**
 * Answers of commands by the keys that clients gave them, so that a command which is sent again is not done again.
 *
 * `scope` names the principal and the command: the same key in another scope is another key. Of several claims at once
 * of one new key exactly one is `claimed`.
 */
export type IdempotentAnswers = {
  /**
   * @param request stands for all that was asked for
   * @throws AppError `unavailable` with the reason `busy` where no more keys can be remembered
   */
  claim(scope: string, key: string, request: Hash): Promise<Claim>
  /** The answer that every later claim of the key finds. */
  keep(scope: string, key: string, answer: KeptAnswer): Promise<void>
  /** Nothing was done: the key is as good as new. */
  release(scope: string, key: string): Promise<void>
}

/** Counts what principals cost, so that none can use up the node or the processes behind the API. */
export type RateLimiter = {
  /**
   * Takes points from a principal. What costs more than a full bucket takes a full one.
   *
   * @throws AppError `rate-limited` with `retrySeconds` in its details when they are not there; none is taken then
   */
  spend(principal: string, points: number): Promise<void>
}
