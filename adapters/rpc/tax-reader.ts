import { encodeCall } from '#core/abi.ts'
import type { Address } from '#core/chain.ts'
import type { TaxReader, TransferTax } from '#core/dex/ports.ts'
import type { Lens, Overrides } from './lens.ts'

/** `taxes(Probe[])` of lens.sol. */
const TAXES = '0x51b1e983'

/** Takes what is sent, and sends it back. */
const OTHER: Address = '0x68616c796172642d6f746865722d303030303030'

/**
 * Enough units that a basis point of them is one whole one, and so few that a pool has them; a token of fewer units is
 * not traded.
 */
const AMOUNT = 1_000_000n
const BPS = 10_000n

/**
 * Taxes by trying: the holder, a pool as a rule, sends an amount to an account that has nothing to do with it, and that
 * one sends what arrived back. So a token that only taxes trades, which it knows by the pool, shows both of its taxes.
 */
export const createRpcTaxReader = (lens: Lens): TaxReader => ({
  async read(block, tokens) {
    if (tokens.length === 0) return []
    const code = { code: lens.code }
    const overrides: Overrides = Object.fromEntries([
      [OTHER, code],
      ...tokens.map(({ holder }) => [holder, code] as const),
    ])
    const probes = tokens.map(({ token, holder }) => ({ tuple: [token, holder, OTHER, AMOUNT] }))
    const words = await lens.call(block, encodeCall(TAXES, [{ array: probes }]), overrides)
    return tokens.map((_, index): TransferTax | undefined => {
      const at = 2 + index * 3
      if (words.uint(at) === 0n) return undefined
      const [arrived, returned] = [words.uint(at + 1), words.uint(at + 2)]
      // What grows on the way, or vanishes altogether, is no tax.
      if (arrived > AMOUNT || arrived === 0n || returned > arrived) return undefined
      return { buyBps: lostBps(AMOUNT, arrived), sellBps: lostBps(arrived, returned) }
    })
  },
})

/** To the nearest: tokens round the tax down, or what is left of it. */
const lostBps = (sent: bigint, arrived: bigint): number =>
  Number(((sent - arrived) * BPS * 2n + sent) / (sent * 2n))
