import type { GasPriceReader } from '#core/dex/ports.ts'
import { RpcFailure } from './endpoint.ts'
import type { Rpc } from './rpc.ts'

/** What nodes advise to pay for gas, asked for at most once in `ttlMs`. */
export function createRpcGasPrice(rpc: Rpc, ttlMs: number): GasPriceReader {
  let known: { readonly price: Promise<bigint>; readonly until: number } | undefined
  const ask = async (): Promise<bigint> => {
    const { value } = await rpc.call([{ method: 'eth_gasPrice', params: [] }], ([result]) => {
      if (typeof result !== 'string' || !/^0x[0-9a-f]+$/i.test(result))
        throw new RpcFailure('bad-answer', 'eth_gasPrice: not a quantity')
      return BigInt(result)
    })
    return value
  }
  return {
    weiPerGas() {
      const now = performance.now()
      if (!known || known.until <= now) {
        const price = ask()
        known = { price, until: now + ttlMs }
        price.catch(() => (known = undefined))
      }
      return known.price
    },
  }
}
