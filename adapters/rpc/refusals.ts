/** What went wrong with one answer of one endpoint, and so what to do about it. */
export type RpcFailureKind =
  /** No connection: ask elsewhere, come back later. */
  | 'unreachable'
  /** Nothing came in time, or not all of it. */
  | 'timeout'
  /** The server, or one in front of it, gives up on this request (HTTP 4xx and 5xx without a JSON-RPC error). */
  | 'failed'
  /** It wants a key, another key, or money. */
  | 'denied'
  /** Told to slow down; `retryAfterMs` says for how long, where the endpoint did. */
  | 'rate-limited'
  /** The answer would be, or was, too large: ask for less. */
  | 'too-large'
  /** Not JSON-RPC, or not what was asked for. */
  | 'bad-answer'
  /** A call was executed and failed: the same on every node that gives it as much gas and time. */
  | 'reverted'
  /** A JSON-RPC error of no known meaning: for this range, this moment, or for good. */
  | 'refused'
  /** It serves another chain. */
  | 'wrong-chain'
  /** This process ends. */
  | 'stopped'

/** How nodes word that a range or its answer is too large; there is no standard code for it. */
const TOO_LARGE =
  /(block|range|result|response|log|query|batch).{0,40}(too (large|wide|many|big)|limit|exceed|more than|maximum|max is)|more than \d+ (results|logs)|(limit|exceed)\w*.{0,40}(range|blocks|results|logs|response size)/i
const RATE_LIMITED =
  /rate limit|too many requests|capacity|throttl|compute units|quota|requests? per (second|day)/i
const RATE_LIMIT_CODES: ReadonlySet<number> = new Set([429, -32_005, -32_097])

/** The codes of "execution reverted" (EIP-1474's successor, and Parity's); some nodes give another and say it in words. */
const REVERTED_CODES: ReadonlySet<number> = new Set([3, -32_015])
const REVERTED =
  /\brevert(ed)?\b|out of gas|invalid opcode|invalid jump|bad jump|stack (under|over)flow|bad instruction|vm execution error/i

/** What a JSON-RPC error means, by its code and its words. */
export function kindOf(code: number | undefined, message: string): RpcFailureKind {
  // First, since a contract's reason may speak of limits too.
  if (REVERTED_CODES.has(code ?? 0) || REVERTED.test(message)) return 'reverted'
  // -32005 stands for both "limit exceeded" in the answer and in requests a second: the words decide.
  if (TOO_LARGE.test(message) && !RATE_LIMITED.test(message)) return 'too-large'
  // A refusal of batches as such comes with the code of a limit too.
  if (/batch/i.test(message) && !RATE_LIMITED.test(message)) return 'refused'
  if (RATE_LIMITED.test(message) || RATE_LIMIT_CODES.has(code ?? 0)) return 'rate-limited'
  return 'refused'
}

/** The codes of "method not found" and "method not supported" (EIP-1474). */
const UNSUPPORTED_CODES: ReadonlySet<number> = new Set([-32_601, -32_004])
const UNSUPPORTED =
  /(method|api|module|namespace|\w+_\w+).{0,60}(not (found|supported|available|allowed|whitelisted|exist|enabled|implemented)|does ?n.t exist|does not exist|disabled|unknown|unsupported|restricted|forbidden)|unsupported method|unknown method/i

/** Whether an error says that the method as such is not to be had, so that it need not be asked for again. */
export const isUnsupported = (code: number | undefined, message: string): boolean =>
  UNSUPPORTED_CODES.has(code ?? 0) || UNSUPPORTED.test(message)

/** Whether a refusal is about how many contracts or topics a filter names, not about blocks. */
export const isFilterLimit = (message: string): boolean =>
  /address|topic|filter/i.test(message) &&
  /too many|exceed|max|limit|more than|at most/i.test(message)

/** Whether a call was refused since it was given too little gas to begin with. */
export const isGasFloor = (message: string): boolean =>
  /intrinsic gas|gas (limit |supplied )?(is )?too low|below the (minimum|intrinsic) gas/i.test(
    message,
  )
