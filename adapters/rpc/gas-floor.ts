import type { Capabilities } from './capabilities.ts'
import { type RpcCall, RpcFailure } from './endpoint.ts'
import { isGasFloor } from './refusals.ts'

/**
 * What is tried where a call is refused for too little gas: chains that charge the data's place on another chain as gas
 * (Arbitrum, Mantle) want tens of millions before anything runs.
 */
const LADDER = [10_000_000n, 100_000_000n, 1_000_000_000n]

type Send = (calls: readonly RpcCall[]) => Promise<unknown[]>

/**
 * Sends calls, those of eth_call that name less gas than the endpoint takes with that much instead. A refusal for too
 * little gas teaches how much it takes.
 */
export async function withGas(
  learned: Capabilities,
  calls: readonly RpcCall[],
  send: Send,
): Promise<unknown[]> {
  const asked = calls.map((call) => raised(call, learned.callGasMin))
  const answers = await send(asked)
  for (const gas of LADDER) {
    if (learned.callGasMin !== null && gas <= learned.callGasMin) continue
    const short = answers.flatMap((answer, index) =>
      isShort(answer) && gasOf(asked[index] as RpcCall) !== undefined ? [index] : [],
    )
    if (short.length === 0) break
    // oxlint-disable-next-line no-await-in-loop -- a step up only where the one before was too low
    const again = await send(short.map((index) => raised(asked[index] as RpcCall, gas)))
    for (const [place, index] of short.entries()) answers[index] = again[place]
    if (again.some((answer) => !isShort(answer))) learned.callGasMin = gas
  }
  return answers
}

const isShort = (answer: unknown): boolean =>
  answer instanceof RpcFailure && answer.kind !== 'rate-limited' && isGasFloor(answer.message)

type Transaction = { readonly gas?: string }

function gasOf({ method, params }: RpcCall): bigint | undefined {
  const gas = method === 'eth_call' ? (params[0] as Transaction).gas : undefined
  return gas === undefined ? undefined : BigInt(gas)
}

/** The call with at least so much gas; one that names none has what the node gives. */
function raised(call: RpcCall, floor: bigint | null): RpcCall {
  const gas = gasOf(call)
  if (gas === undefined || floor === null || gas >= floor) return call
  const [transaction, ...rest] = call.params
  return {
    ...call,
    params: [{ ...(transaction as Transaction), gas: `0x${floor.toString(16)}` }, ...rest],
  }
}
