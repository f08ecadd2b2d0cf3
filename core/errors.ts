/**
 * What can go wrong on purpose. Everything thrown that is not an `AppError` is a bug.
 *
 * - `invalid`: the caller's input or configuration is wrong; another call with the same input fails the same way.
 * - `unauthenticated`: nobody has said who asks, or what was said proves nothing.
 * - `forbidden`: it is known who asks, and this one may not.
 * - `not-found`: what was asked for does not exist at the block that was asked for.
 * - `conflict`: somebody else was first (another writer moved the head), or the stored state forbids the step.
 * - `rate-limited`: the caller has asked for more than its share; the same call succeeds later.
 * - `unavailable`: a server, a provider or a file cannot be used now; the same call may succeed later.
 */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'rate-limited'
  | 'unavailable'

/**
 * Why, where programs act on it. The set is closed: a new reason is a new member, and whoever asks for a reason that
 * is not in it does not compile.
 *
 * - `account-frozen`, `already-reversed`, `amount-above-hold`, `balance-limit`, `day-limit`, `hold-not-due`, `hold-resolved`,
 *   `insufficient-points`, `not-reversible`, `nothing-to-expire`, `spend-limit`, `supply-limit`, `unknown-asset`,
 *   `unknown-hold`, `unknown-operation`: a ledger has refused an operation, and has recorded that.
 * - `answer-too-large`: the answer would have more bytes than one answer may have.
 * - `bad-code`: Discord does not take a code, or not a second time.
 * - `bad-nonce`: a nonce of a sign-in is unknown, used, too old or of another login.
 * - `bad-signature`: a signature is none, or not of the account that it is said to be of.
 * - `bad-state`: a link that was begun is unknown, finished, too old or of another session.
 * - `busy`: as much is under way as may be at once.
 * - `cooling-down`: it was given up by somebody else a short while ago.
 * - `damaged`: a store gives back something else than was put into it.
 * - `deep-reorg`: the chain changed below what was taken to be final.
 * - `detached`: a block does not follow the one before it.
 * - `discord-taken`: a Discord account belongs to somebody else.
 * - `empty`: nothing is indexed yet.
 * - `expired`, `not-yet-valid`: a message that was signed is not valid at this time.
 * - `forbidden-url`: nothing may be sent to a URL: it is not https, or leads to an address that is not public.
 * - `foreign-chain`, `foreign-domain`, `foreign-uri`: a message was signed for another service.
 * - `index-incomplete`: what was indexed began after what is asked about.
 * - `key-malformed`, `key-reused`: an idempotency key is none, or was used for another request.
 * - `lost-chain`: the development chain that was to be joined is not the one that was left.
 * - `not-indexed`: the thing may exist on the chain, but no source of this history covers it.
 * - `other-chain`: the nodes serve another chain of the same id than the store holds.
 * - `missing-scope`: an API key is not good for that.
 * - `malformed-message`: a message is not written as its standard says.
 * - `never-met`: no state of the chain could meet what is asked for.
 * - `no-session`: there is no such session, or it has ended.
 * - `not-your-account`: it belongs to somebody else.
 * - `not-kept`: proven logs that the raw layer does not have.
 * - `not-stored`: what is asked about is not stored here.
 * - `other-branch`: a block was taken to be on the canonical chain, and is not.
 * - `other-version`: another version of Halyard wrote the store.
 * - `second-writer`: another process writes the same store.
 * - `stale-view`: what an answer stood on was removed while it was read.
 * - `store-lost`: this process cannot know any more what its store has kept; only a new one can.
 * - `too-costly`: the request asks for more work than one request may.
 * - `too-deep`: the request is nested deeper than one may be.
 * - `too-much`: a call asks for more gas, time or bytes than a node gives it; a part of it may not.
 * - `unknown-trait`: no token of a collection has a trait of that name.
 * - `unknown-decimals`: a token's decimals are not known now, and prices need them.
 * - `unproven`: a node's answer does not prove itself.
 * - `wallet-taken`: a wallet belongs to somebody else.
 */
export type ErrorReason =
  | 'account-frozen'
  | 'already-reversed'
  | 'amount-above-hold'
  | 'answer-too-large'
  | 'bad-code'
  | 'bad-nonce'
  | 'bad-signature'
  | 'bad-state'
  | 'balance-limit'
  | 'busy'
  | 'cooling-down'
  | 'damaged'
  | 'day-limit'
  | 'deep-reorg'
  | 'detached'
  | 'discord-taken'
  | 'empty'
  | 'expired'
  | 'forbidden-url'
  | 'foreign-chain'
  | 'foreign-domain'
  | 'foreign-uri'
  | 'hold-not-due'
  | 'hold-resolved'
  | 'index-incomplete'
  | 'insufficient-points'
  | 'key-malformed'
  | 'key-reused'
  | 'lost-chain'
  | 'not-indexed'
  | 'malformed-message'
  | 'missing-scope'
  | 'never-met'
  | 'no-session'
  | 'not-yet-valid'
  | 'not-kept'
  | 'not-reversible'
  | 'not-stored'
  | 'not-your-account'
  | 'nothing-to-expire'
  | 'other-branch'
  | 'other-chain'
  | 'other-version'
  | 'second-writer'
  | 'spend-limit'
  | 'stale-view'
  | 'store-lost'
  | 'supply-limit'
  | 'too-costly'
  | 'too-deep'
  | 'too-much'
  | 'unknown-asset'
  | 'unknown-trait'
  | 'unknown-decimals'
  | 'unknown-hold'
  | 'unknown-operation'
  | 'unproven'
  | 'wallet-taken'

/**
 * Who may read the message. `operator`: it may name files, hosts and settings, so only the log and the terminal of whoever
 * runs the process show it. `client`: it says nothing that a stranger may not know.
 */
export type Audience = 'client' | 'operator'

export type ErrorDetails = {
  /** The input or setting at fault, as its owner writes it: `legs[0].pools`, `chain.rpc`. */
  readonly field?: string
  /** What the field breaks and the remedy: the message without the name of the field. */
  readonly rule?: string
  readonly reason?: ErrorReason
  readonly [name: string]: string | number | boolean | null
}

export type ErrorOptions = {
  readonly details?: ErrorDetails
  /** `operator` unless said. */
  readonly audience?: Audience
  readonly cause?: unknown
}

/** An expected failure. `message` names the field or resource and the remedy; it never holds a secret. */
export class AppError extends Error {
  readonly kind: ErrorKind
  readonly details: ErrorDetails
  readonly audience: Audience

  constructor(kind: ErrorKind, message: string, options: ErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    this.name = 'AppError'
    this.kind = kind
    this.details = options.details ?? {}
    this.audience = options.audience ?? 'operator'
  }
}

/**
 * A field of a caller's input that breaks a rule; the rule says what would do. For callers to read; what is wrong with a
 * setting is an `AppError` of its own, since it is for operators.
 */
export const invalidField = (
  field: string,
  rule: string,
  details: ErrorDetails = {},
  cause?: unknown,
): AppError =>
  new AppError('invalid', `${field}: ${rule}`, {
    details: { ...details, field, rule },
    audience: 'client',
    cause,
  })

/** A store gives back something else than was put into it. */
export const damagedStore = (what: string, cause?: unknown): AppError =>
  new AppError(
    'unavailable',
    `store: it is damaged: ${what}; restore it from a backup, or index into a fresh one`,
    { details: { field: 'store', reason: 'damaged' }, cause },
  )

export const isAppError = (error: unknown, kind?: ErrorKind): error is AppError =>
  error instanceof AppError && (kind === undefined || error.kind === kind)

/** Whether it is an expected failure for this reason. */
export const hasReason = (error: unknown, reason: ErrorReason): error is AppError =>
  error instanceof AppError && error.details.reason === reason

/** The message of anything that was thrown. */
export const messageOf = (error: unknown): string =>
  error instanceof Error ? error.message : String(error)

/** The same port, whose methods fail with what `translate` makes of their failures. What is no method stays as it is. */
export const translateErrors = <P extends object>(
  port: P,
  translate: (error: unknown) => unknown,
): P =>
  Object.fromEntries(
    Object.entries(port as Record<string, unknown>).map(([name, member]) => [
      name,
      typeof member === 'function' ? translated(member as Method, translate) : member,
    ]),
  ) as P

type Method = (...args: never[]) => Promise<unknown>

const translated =
  (method: Method, translate: (error: unknown) => unknown): Method =>
  async (...args) => {
    try {
      return await method(...args)
    } catch (error) {
      throw translate(error)
    }
  }

/** A broken invariant: a bug, never an input. Stops the writer rather than let it store something wrong. */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (!condition) throw new Error(`invariant broken: ${invariant}`)
}
