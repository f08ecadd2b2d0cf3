/** Narrows a fault to the calls of one method, and to so many answers, after which it is over. */
export type FaultLimits = { readonly method?: string; readonly times?: number }

/** Which log; without `logIndex` the block's first among those asked for. `receipts`: there as well. */
type LogPlace = {
  readonly block: number
  readonly logIndex?: number
  readonly receipts?: boolean
}

/** A log whose blockHash is another one: a node that answers from another branch (XDPoSChain #208). */
export type WrongBlockHash = { readonly kind: 'wrong-block-hash' } & LogPlace
/** One log is left out: an index that lags or lost one (op-geth #667); in receipts too: pruned (reth #27002). */
export type MissingLog = { readonly kind: 'missing-log' } & LogPlace
/** The same log twice in a row: a proxy that joins pages which overlap. */
export type DuplicateLog = { readonly kind: 'duplicate-log' } & LogPlace
/** A log that never was, like the block's last among those asked for, at the next index that is free. */
export type ExtraLog = {
  readonly kind: 'extra-log'
  readonly block: number
  readonly receipts?: boolean
}
/** No logs, of one block or at all: a node behind the head that does not say so (go-ethereum #24078). */
type EmptyLogs = { readonly kind: 'empty-logs'; readonly block?: number }
/** Null for a block: the node asked has not got the head that another one announced. */
type NullBlock = { readonly kind: 'null-block'; readonly block?: number }
/** Null for receipts of a block: the block is there, its receipts are not yet, or no longer. */
type NullReceipts = { readonly kind: 'null-receipts'; readonly block?: number }
/** One receipt's cumulativeGasUsed is one too many; the first receipt's unless told otherwise. */
type WrongReceipt = {
  readonly kind: 'wrong-receipt'
  readonly block: number
  readonly transactionIndex?: number
}
/** A header field, by default `timestamp`, is `value`, by default the right one with its last digit changed. */
type WrongHeader = {
  readonly kind: 'wrong-header'
  readonly block: number
  readonly field?: string
  readonly value?: string
}
/** `eth_chainId` and `net_version` tell of another chain, by default the next number: an endpoint mixed up. */
type WrongChainId = { readonly kind: 'wrong-chain-id'; readonly chainId?: number }
/** A JSON-RPC error: "query returned more than 10000 results" (-32005), "header not found" (-32000) and the like. */
type RpcErrorFault = {
  readonly kind: 'error'
  readonly code: number
  readonly message: string
}
/** An HTTP error with a text body: 429 with or without Retry-After, 500, 503. */
type HttpStatus = {
  readonly kind: 'http-status'
  readonly status: number
  readonly retryAfterSeconds?: number
}
/** The request is read and never answered. */
type Hang = { readonly kind: 'hang' }
/** The right answer's first half, as a whole HTTP response: a proxy that gave up. */
type TruncatedJson = { readonly kind: 'truncated-json' }
/** 200 and a page in HTML: a gateway or a captive portal. */
type Html = { readonly kind: 'html' }
/** The right answer, late. */
type Slow = { readonly kind: 'slow'; readonly ms: number }

/** What comes in place of an answer. */
export type FailedRequest = HttpStatus | Hang | TruncatedJson | Html

/** What happens to a whole HTTP request; with `method`, to each that has such a call in it. */
export type TransportFault = (FailedRequest | Slow) & FaultLimits

/** What happens to the answer of one call. */
export type AnswerFault = (
  | WrongBlockHash
  | MissingLog
  | DuplicateLog
  | ExtraLog
  | EmptyLogs
  | NullBlock
  | NullReceipts
  | WrongReceipt
  | WrongHeader
  | WrongChainId
) &
  FaultLimits

/** What a node did wrong. Faults act in the order given, each on what the one before has left. */
export type Fault = TransportFault | AnswerFault | (RpcErrorFault & FaultLimits)

export type FaultKind = Fault['kind']

const TRANSPORT: ReadonlySet<FaultKind> = new Set([
  'http-status',
  'hang',
  'truncated-json',
  'html',
  'slow',
])

export const isTransportFault = (fault: Fault): fault is TransportFault => TRANSPORT.has(fault.kind)

const BLOCKS = ['eth_getBlockByNumber', 'eth_getBlockByHash']
const RECEIPTS = ['eth_getBlockReceipts', 'eth_getTransactionReceipt']

/** The methods whose answers a fault can change. */
export function methodsOf(fault: AnswerFault): readonly string[] {
  switch (fault.kind) {
    case 'wrong-block-hash':
    case 'missing-log':
    case 'duplicate-log':
    case 'extra-log':
      return fault.receipts || fault.method ? ['eth_getLogs', ...RECEIPTS] : ['eth_getLogs']
    case 'empty-logs':
      return ['eth_getLogs']
    case 'null-block':
    case 'wrong-header':
      return BLOCKS
    case 'null-receipts':
    case 'wrong-receipt':
      return RECEIPTS
    case 'wrong-chain-id':
      return ['eth_chainId', 'net_version']
    default:
      return fault satisfies never
  }
}
