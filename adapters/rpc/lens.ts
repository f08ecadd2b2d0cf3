import { type AbiReader, readWords } from '#core/abi.ts'
import { type Address, type BlockRef, type Hash, type Hex, isAddress, isHash } from '#core/chain.ts'
import { AppError, hasReason, isAppError } from '#core/errors.ts'
import { RpcFailure } from './endpoint.ts'
import artifact from './lens.artifact.json' with { type: 'json' }
import type { Rpc } from './rpc.ts'

/** The account that the code of lens.sol is lent to. No one has its key, and no one sends it anything. */
export const LENS: Address = '0x68616c796172642d6c656e732d30303030303030'

const runtime = artifact.runtime as Hex

/** What an account is during one call; storage slots that are not named stay as they are. `balance`: wei of ether. */
export type Override = {
  readonly code?: Hex
  readonly balance?: Hex
  readonly stateDiff?: Readonly<Record<Hex, Hex>>
}
export type Overrides = Readonly<Record<Address, Override>>

/** Asks the code of lens.sol, on the state of a block. */
export type Lens = {
  /** The code, for lending it to other accounts too. */
  readonly code: Hex
  /** @throws AppError `unavailable` when no node answers or knows the block; see `isTooMuch` */
  call(block: BlockRef, data: Hex, overrides?: Overrides): Promise<AbiReader>
  /**
   * The storage slots that a call of `to` reads; undefined where no node tells, or the call fails.
   *
   * @throws AppError `unavailable` when no node answers
   */
  slotsRead(
    block: BlockRef,
    to: Address,
    data: Hex,
  ): Promise<{ readonly contract: Address; readonly slot: Hash }[] | undefined>
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
    async slotsRead(block, to, data) {
      const call = { to, data, gas: GAS_OF_READ }
      const params = [call, `0x${block.number.toString(16)}`]
      try {
        const calls = [{ method: 'eth_createAccessList', params }]
        return (await rpc.call(calls, ([result]) => readAccessList(result))).value
      } catch (error) {
        const failure = isAppError(error) ? error.cause : error
        if (failure instanceof RpcFailure && NOT_TOLD.has(failure.kind)) return undefined
        throw error
      }
    },
  }
}

/** Enough for any balance, and so little that an account without much ether is asked to pay for it (EIP-2930). */
const GAS_OF_READ = '0xf4240'
const NOT_TOLD: ReadonlySet<string> = new Set(['refused', 'bad-answer', 'too-large'])
const SLOTS_READ_MAX = 1_000

function readAccessList(result: unknown): { contract: Address; slot: Hash }[] {
  const { accessList: list } = (result ?? {}) as { accessList?: unknown }
  if (!Array.isArray(list)) throw new RpcFailure('bad-answer', 'eth_createAccessList: no list')
  const slots = list.flatMap((entry: unknown) => {
    const { address, storageKeys } = (entry ?? {}) as { address?: unknown; storageKeys?: unknown }
    if (typeof address !== 'string' || !isAddress(address) || !Array.isArray(storageKeys)) return []
    return storageKeys
      .filter((key): key is Hash => typeof key === 'string' && isHash(key))
      .map((key) => ({
        contract: address.toLowerCase() as Address,
        slot: key.toLowerCase() as Hash,
      }))
  })
  return slots.slice(0, SLOTS_READ_MAX)
}

/** Whether a call failed as one does that asks for more gas, time or bytes than nodes give it: a part of it may not. */
export const isTooMuch = (error: unknown): boolean => hasReason(error, 'too-much')

/** How nodes word it. A revert too: code of lens.sol that runs short of gas does, and nothing else in it. */
const SHORT = /out ?of ?gas|gas (limit|required|exhausted|allowance|uint)|time(d |-)?out|revert/i

function asTooMuch(error: unknown): AppError | undefined {
  const failure = isAppError(error, 'unavailable') ? error.cause : error
  if (!(failure instanceof RpcFailure)) return undefined
  const { kind, message } = failure
  const isRefused = kind === 'refused' || kind === 'reverted'
  if (kind !== 'too-large' && !(isRefused && SHORT.test(message))) return undefined
  return new AppError(
    'unavailable',
    `chain.rpc: a call is more than the node takes (${message}); use one that allows calls 30 million gas and 5 seconds`,
    { details: { field: 'chain.rpc', reason: 'too-much' }, cause: error },
  )
}
