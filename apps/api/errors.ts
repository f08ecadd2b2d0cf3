import type { z } from 'zod'
import { AppError, type ErrorKind, type ErrorReason } from '#core/errors.ts'

/** What a kind of failure is called: by HTTP, and by GraphQL. */
export const kinds: Readonly<
  Record<ErrorKind, { readonly status: number; readonly title: string; readonly code: string }>
> = {
  invalid: { status: 400, title: 'Bad request', code: 'BAD_USER_INPUT' },
  'not-found': { status: 404, title: 'Not found', code: 'NOT_FOUND' },
  unauthenticated: { status: 401, title: 'Unauthenticated', code: 'UNAUTHENTICATED' },
  forbidden: { status: 403, title: 'Forbidden', code: 'FORBIDDEN' },
  conflict: { status: 409, title: 'Conflict', code: 'CONFLICT' },
  'rate-limited': { status: 429, title: 'Too many requests', code: 'RATE_LIMITED' },
  unavailable: { status: 503, title: 'Unavailable', code: 'UNAVAILABLE' },
}

/**
 * The kind as it is to a client. What is wrong with a setting is nothing that another request mends: to a client the
 * service is unavailable.
 */
export const clientKind = ({ kind, audience }: AppError): ErrorKind =>
  kind === 'invalid' && audience === 'operator' ? 'unavailable' : kind

/** Reasons that clients act on have a code of their own; any other failure has that of its kind. */
const CODES: Partial<Record<ErrorReason, string>> = {
  'account-frozen': 'ACCOUNT_FROZEN',
  'already-reversed': 'ALREADY_REVERSED',
  'amount-above-hold': 'AMOUNT_ABOVE_HOLD',
  'answer-too-large': 'ANSWER_TOO_LARGE',
  'bad-code': 'BAD_CODE',
  'bad-nonce': 'BAD_NONCE',
  'bad-signature': 'BAD_SIGNATURE',
  'bad-state': 'BAD_STATE',
  'balance-limit': 'BALANCE_LIMIT',
  busy: 'BUSY',
  'cooling-down': 'COOLING_DOWN',
  'discord-taken': 'DISCORD_TAKEN',
  'day-limit': 'DAY_LIMIT',
  expired: 'MESSAGE_EXPIRED',
  'forbidden-url': 'FORBIDDEN_URL',
  'foreign-chain': 'FOREIGN_CHAIN',
  'foreign-domain': 'FOREIGN_DOMAIN',
  'foreign-uri': 'FOREIGN_URI',
  'hold-not-due': 'HOLD_NOT_DUE',
  'hold-resolved': 'HOLD_RESOLVED',
  'index-incomplete': 'INDEX_INCOMPLETE',
  'insufficient-points': 'INSUFFICIENT_POINTS',
  'key-malformed': 'IDEMPOTENCY_KEY_MALFORMED',
  'key-reused': 'IDEMPOTENCY_KEY_REUSED',
  'malformed-message': 'MALFORMED_MESSAGE',
  'missing-scope': 'MISSING_SCOPE',
  'never-met': 'RULE_NEVER_MET',
  'no-session': 'NO_SESSION',
  'not-indexed': 'NOT_INDEXED',
  'not-reversible': 'NOT_REVERSIBLE',
  'not-stored': 'NOT_STORED',
  'not-your-account': 'NOT_YOUR_ACCOUNT',
  'nothing-to-expire': 'NOTHING_TO_EXPIRE',
  'not-yet-valid': 'MESSAGE_NOT_YET_VALID',
  'other-version': 'OTHER_VERSION',
  'spend-limit': 'SPEND_LIMIT',
  'supply-limit': 'SUPPLY_LIMIT',
  'too-costly': 'QUERY_TOO_COSTLY',
  'too-deep': 'QUERY_TOO_DEEP',
  'unknown-asset': 'UNKNOWN_ASSET',
  'unknown-hold': 'UNKNOWN_HOLD',
  'unknown-operation': 'UNKNOWN_OPERATION',
  'unknown-trait': 'UNKNOWN_TRAIT',
  'wallet-taken': 'WALLET_TAKEN',
}

/** What programs go by, in REST and in GraphQL alike. */
export const codeOf = (error: AppError): string =>
  (error.details.reason && CODES[error.details.reason]) ?? kinds[clientKind(error)].code

const LIMITS: ReadonlySet<ErrorReason> = new Set(['answer-too-large', 'too-costly', 'too-deep'])

/** Whether a request asks for more than one may. */
export const isLimit = ({ details: { reason } }: AppError): boolean =>
  reason !== undefined && LIMITS.has(reason)

/** Parts of the service as clients know them, by the setting that names each for the operator. */
const PARTS: Readonly<Record<string, string>> = {
  store: 'the store cannot be used now; ask again later',
  'chain.rpc': 'the chain cannot be asked now',
}

/** The same by reason, where the part alone says too little. */
const REASONS: Partial<Record<ErrorReason, string>> = {
  'other-version':
    'what this would be answered from was indexed by another version of the service; it is answered once that is indexed anew',
}

/** What is said in the place of a message that is for operators. */
const NEUTRAL: Readonly<Record<ErrorKind, string>> = {
  invalid: 'the request cannot be answered as it is',
  unauthenticated: 'say who you are',
  forbidden: 'this is not allowed',
  'not-found': 'there is no such thing',
  conflict: 'the state of the service forbids it now',
  'rate-limited': 'too many requests; ask again later',
  unavailable: 'a part of the service cannot be used now; ask again later',
}

/**
 * What a client is told of an expected failure: its message where that is for clients. What is for operators names files
 * and hosts, and is in the log.
 */
export function publicMessage(error: AppError, development: boolean): string {
  if (development || error.audience === 'client') return error.message
  const { reason, field } = error.details
  return (reason && REASONS[reason]) ?? PARTS[field ?? ''] ?? NEUTRAL[error.kind]
}

/** When to ask again after a 429 or a 503. */
export const RETRY_SECONDS = 1

/** When this request may be asked again, in seconds. */
export const retrySecondsOf = ({ details: { retrySeconds } }: AppError): number =>
  typeof retrySeconds === 'number' ? retrySeconds : RETRY_SECONDS

/** Whether the same request may be answered later. */
export const isRetryable = (kind: ErrorKind): boolean =>
  kind === 'unavailable' || kind === 'rate-limited'

/** One thing that is wrong with a request. */
export type Fault = { readonly field: string; readonly message: string }

/** A request with parameters that are not as they should be: all of its faults at once. */
export class InvalidRequest extends AppError {
  readonly faults: readonly Fault[]

  constructor(faults: readonly Fault[]) {
    const [first] = faults
    super('invalid', faults.map(({ field, message }) => `${field}: ${message}`).join('; '), {
      details: first ? { field: first.field, rule: first.message } : {},
      audience: 'client',
    })
    this.faults = faults
  }
}

/** What is wrong with a request, by parameter. @param schema that it was held against */
export const faultsOf = ({ issues }: z.ZodError, schema: z.ZodType): Fault[] =>
  issues.flatMap((issue) =>
    issue.code === 'unrecognized_keys'
      ? issue.keys.map((key) => ({
          field: fieldOf([...issue.path, key]),
          message: `no such parameter${issue.path.length === 0 ? othersOf(schema) : ''}`,
        }))
      : [{ field: fieldOf(issue.path), message: issue.message }],
  )

/** The parameters that there are. */
function othersOf(schema: z.ZodType): string {
  const names = Object.keys((schema as Partial<z.ZodObject>).shape ?? {})
  if (names.length === 0) return '; none is taken'
  return `; there ${names.length === 1 ? 'is' : 'are'} ${names.join(', ')}`
}

/** `legs[0].pools` */
const fieldOf = (path: readonly PropertyKey[]): string =>
  path
    .map((part, index) =>
      typeof part === 'number' ? `[${part}]` : `${index === 0 ? '' : '.'}${String(part)}`,
    )
    .join('')
