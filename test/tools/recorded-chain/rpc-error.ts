/** An answer that is a JSON-RPC error. */
export class RpcError extends Error {
  readonly code: number

  constructor(code: number, message: string) {
    super(message)
    this.code = code
  }
}

/** Codes of JSON-RPC 2.0, section 5.1, and the one that nodes use for all else. */
export const PARSE_ERROR = -32_700
export const INVALID_REQUEST = -32_600
const METHOD_NOT_FOUND = -32_601
const INVALID_PARAMS = -32_602
export const SERVER_ERROR = -32_000
/** What nodes say where a call reverts. */
export const REVERTED = 3

export const unknownMethod = (method: string): RpcError =>
  new RpcError(METHOD_NOT_FOUND, `the method ${method} does not exist/is not available`)

export const invalidParams = (message: string): RpcError => new RpcError(INVALID_PARAMS, message)
