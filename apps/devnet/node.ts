import { decodeFunctionResult, encodeFunctionData, http, parseGwei } from 'viem'
import type { Address, Hash, Hex } from '#core/chain.ts'
import { AppError, messageOf } from '#core/errors.ts'
import { type ContractName, contracts } from './contracts.ts'

/** A transaction to be sent by an account whose key the node holds. */
export type Call = {
  /** What it does, for errors. */
  readonly label: string
  readonly from: Address
  /** Null creates a contract. */
  readonly to: Address | null
  readonly data: Hex
  readonly value?: bigint
  /** The most that it may use. Named rather than estimated: estimating costs as much as running it. */
  readonly gas: bigint
}

export type FailedCall = { readonly label: string; readonly reason: string }

/**
 * When a block says that it was mined: now, or a second after its parent, for the past of a chain that is made at once.
 * Never later than the clock: several blocks of one second say the same one, as on chains that are as quick.
 */
type Pace = 'now' | 'past'

/** The local chain's node. Requests made in the same turn of the event loop travel as one JSON-RPC batch. */
export type DevNode = {
  readonly request: <T>(method: string, params?: readonly unknown[]) => Promise<T>
  /** Calls a view function; `T` is what its ABI says. */
  read<T>(
    contract: ContractName,
    address: Address,
    functionName: string,
    args?: readonly unknown[],
  ): Promise<T>
  /** Sends the calls, mines the blocks that hold them, and tells which have failed. No calls: one empty block. */
  execute(calls: readonly Call[], pace: Pace): Promise<FailedCall[]>
}

const TIMEOUT_MS = 30_000
/** Far below the 2 MB that anvil takes in one request. */
const BATCH_SIZE = 100
/** What anvil's blocks hold unless told otherwise. */
const BLOCK_GAS = 30_000_000n
/** Well above the base fee that a few full blocks in a row lead to. */
const MAX_FEE = hex(parseGwei('100'))
const PRIORITY_FEE = hex(parseGwei('1'))

export function connect(rpcUrl: string): DevNode {
  // A transaction must not be sent twice, so nothing is.
  const transport = http(rpcUrl, {
    batch: { batchSize: BATCH_SIZE },
    retryCount: 0,
    timeout: TIMEOUT_MS,
  })({})

  async function request<T>(method: string, params: readonly unknown[] = []): Promise<T> {
    try {
      const result: unknown = await transport.request({ method, params })
      return result as T
    } catch (cause) {
      const { details } = cause as { details?: string }
      throw new AppError('unavailable', `devnet: ${method}: ${details ?? messageOf(cause)}`, {
        cause,
      })
    }
  }

  async function execute(calls: readonly Call[], pace: Pace): Promise<FailedCall[]> {
    const failures: FailedCall[] = []
    for (const block of blocksOf(calls)) failures.push(...(await executeBlock(block, pace)))
    return failures
  }

  async function executeBlock(calls: readonly Call[], pace: Pace): Promise<FailedCall[]> {
    const nonces = await nextNonces(calls)
    const sent = await Promise.allSettled(
      calls.map((call, index) =>
        request<Hash>('eth_sendTransaction', [toTransaction(call, nonces[index] as number)]),
      ),
    )
    await mine(pace)
    const reasons = await Promise.all(
      sent.map(async (outcome, index) =>
        outcome.status === 'fulfilled'
          ? failureOf(outcome.value, calls[index] as Call)
          : messageOf(outcome.reason),
      ),
    )
    // One that was left out would make all later ones of its account wait.
    if (reasons.includes(NOT_MINED)) await request('anvil_dropAllTransactions')
    return calls.flatMap(({ label }, index) => {
      const reason = reasons[index]
      return reason === undefined ? [] : { label, reason }
    })
  }

  async function mine(pace: Pace): Promise<void> {
    const parent = await request<{ timestamp: Hex }>('eth_getBlockByNumber', ['latest', false])
    const before = Number(parent.timestamp)
    const now = Math.max(before, Math.floor(Date.now() / 1_000))
    await request('evm_mine', [{ timestamp: pace === 'past' ? Math.min(before + 1, now) : now }])
  }

  /** Numbers each account's calls, going on from what it has sent so far. */
  async function nextNonces(calls: readonly Call[]): Promise<number[]> {
    const accounts = [...new Set(calls.map(({ from }) => from))]
    const counts = await Promise.all(accounts.map((account) => countSent(request, account)))
    const next = new Map(accounts.map((account, index) => [account, counts[index] as number]))
    return calls.map(({ from }) => {
      const nonce = next.get(from) as number
      next.set(from, nonce + 1)
      return nonce
    })
  }

  async function failureOf(hash: Hash, call: Call): Promise<string | undefined> {
    const receipt = await request<Receipt | null>('eth_getTransactionReceipt', [hash])
    if (!receipt) return NOT_MINED
    if (Number(receipt.status) === 1) return undefined
    return BigInt(receipt.gasUsed) >= call.gas ? 'out of gas' : 'reverted'
  }

  return {
    request,
    async read<T>(
      contract: ContractName,
      address: Address,
      functionName: string,
      args: readonly unknown[] = [],
    ) {
      const { abi } = contracts[contract]
      const data = encodeFunctionData({ abi, functionName, args })
      const result = await request<Hex>('eth_call', [{ to: address, data }, 'latest'])
      return decodeFunctionResult({ abi, functionName, args, data: result }) as T
    },
    execute,
  }
}

const NOT_MINED = 'not mined'
type Receipt = { readonly status: Hex; readonly gasUsed: Hex }

/**
 * The calls of each block. More must not wait in the pool: when one does not fit, anvil tries the smaller ones after
 * it, finds that their nonces are ahead, and throws them away.
 */
function blocksOf(calls: readonly Call[]): Call[][] {
  const blocks: Call[][] = [[]]
  let gasLeft = BLOCK_GAS
  for (const call of calls) {
    if (call.gas > gasLeft) {
      blocks.push([])
      gasLeft = BLOCK_GAS
    }
    blocks.at(-1)?.push(call)
    gasLeft -= call.gas
  }
  return blocks
}

type Request = DevNode['request']

/** Transactions that an account has sent, those not mined yet included. */
export const countSent = async (request: Request, account: Address): Promise<number> =>
  Number(await request<Hex>('eth_getTransactionCount', [account, 'pending']))

const toTransaction = (call: Call, nonce: number) => ({
  from: call.from,
  ...(call.to && { to: call.to }),
  data: call.data,
  value: hex(call.value ?? 0n),
  gas: hex(call.gas),
  nonce: hex(nonce),
  maxFeePerGas: MAX_FEE,
  maxPriorityFeePerGas: PRIORITY_FEE,
})

function hex(number: bigint | number): Hex {
  return `0x${number.toString(16)}`
}

/** @throws AppError `unavailable` naming the first of `failures`, if there is one */
export function refuseFailures(failures: readonly FailedCall[]): void {
  const first = failures[0]
  if (first)
    throw new AppError(
      'unavailable',
      `devnet: "${first.label}" failed (${first.reason}), with ${failures.length - 1} other steps`,
    )
}
