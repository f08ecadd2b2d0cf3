import { type AbiReader, readWords } from '#core/abi.ts'
import type { Address, BlockRef, Hex } from '#core/chain.ts'
import { AppError, isAppError } from '#core/errors.ts'
import { RpcFailure } from './endpoint.ts'
import artifact from './lens.artifact.json' with { type: 'json' }
import type { Rpc } from './rpc.ts'

/** The account that the code of lens.sol is lent to. No one has its key, and no one sends it anything. */
export const LENS: Address = '0x68616c796172642d6c656e732d30303030303030'

const runtime = artifact.runtime as Hex

/** What an account is during one call; storage slots that are not named stay as they are. */
export type Override = { readonly code?: Hex; readonly stateDiff?: Readonly<Record<Hex, Hex>> }
export type Overrides = Readonly<Record<Address, Override>>

/** Asks the code of lens.sol, on the state of a block. */
export type Lens = {
  /** The code, for lending it to other accounts too. */
  readonly code: Hex
  /** @throws AppError `unavailable` when no node answers or knows the block; see `isTooMuch` */
  call(block: BlockRef, data: Hex, overrides?: Overrides): Promise<AbiReader>
}

export function createLens(rpc: Rpc): Lens {
  return {
    code: runtime,
    async call(block, data, overrides = {}) {
      const params = [
        { to: LENS, data },
        // By hash (EIP-1898): an answer of another branch would be of another market.
        { blockHash: block.hash },
        { ...overrides, [LENS]: { ...overrides[LENS], code: runtime } },
      ]
      try {
        const { value } = await rpc.call([{ method: 'eth_call', params }], ([result]) => {
          if (typeof result !== 'string') throw new RpcFailure('bad-answer', 'eth_call: not bytes')
          try {
            return readWords(result as Hex)
          } catch (cause) {
            throw new RpcFailure('bad-answer', 'eth_call: not whole words', { cause })
          }
        })
        return value
      } catch (error) {
        throw asTooMuch(error) ?? error
      }
    },
  }
}

const TOO_MUCH = 'too-much'

/** Whether a call failed as one does that asks for more gas, time or bytes than nodes give it: a part of it may not. */
export const isTooMuch = (error: unknown): boolean =>
  isAppError(error, 'unavailable') && error.details.reason === TOO_MUCH

/** How nodes word it. A revert too: code of lens.sol that runs short of gas does, and nothing else in it. */
const SHORT = /out ?of ?gas|gas (limit|required|exhausted|allowance|uint)|time(d |-)?out|revert/i

function asTooMuch(error: unknown): AppError | undefined {
  const failure = isAppError(error, 'unavailable') ? error.cause : error
  if (!(failure instanceof RpcFailure)) return undefined
  const { kind, message } = failure
  if (kind !== 'too-large' && !(kind === 'refused' && SHORT.test(message))) return undefined
  return new AppError(
    'unavailable',
    `chain.rpc: a call is more than the node takes (${message}); use one that allows calls 30 million gas and 5 seconds`,
    { details: { field: 'chain.rpc', reason: TOO_MUCH }, cause: error },
  )
}
