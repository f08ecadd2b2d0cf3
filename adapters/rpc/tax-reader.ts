import { encodeCall } from '#core/abi.ts'
import type { Address } from '#core/chain.ts'
import type { TaxReader, TransferTax } from '#core/dex/ports.ts'
import type { Lens, Overrides } from './lens.ts'

/** `taxes(Probe[])` of lens.sol. */
const TAXES = '0x51b1e983'

/** Takes what is sent, and sends it back. */
const OTHER: Address = '0x68616c796172642d6f746865722d303030303030'

/** Enough units that a basis point of them is many whole ones. Who holds fewer, as of a token without decimals, sends all. */
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
      const [sent, arrived, returned] = [words.uint(at), words.uint(at + 1), words.uint(at + 2)]
      // What grows on the way, or vanishes altogether, is no tax.
      if (arrived > sent || arrived === 0n || returned > arrived) return undefined
      return { buyBps: lostBps(sent, arrived), sellBps: lostBps(arrived, returned) }
    })
  },
})

/** Of several taxes that would explain the same loss, the one that is a multiple of the first of these. */
const ROUND_BPS = [1_000n, 500n, 100n, 50n, 25n, 10n, 5n, 1n]

/**
 * The tax that explains a loss. Tokens round the tax down, or what is left of it, so it is known to a unit each way: of
 * few units many taxes would do, and the roundest is taken, as their owners choose round ones.
 */
export function lostBps(sent: bigint, arrived: bigint): number {
  const lost = sent - arrived
  if (lost === 0n) return 0
  const nearest = (lost * BPS * 2n + sent) / (sent * 2n)
  for (const step of ROUND_BPS) {
    const bps = ((lost * BPS + (sent * step) / 2n) / (sent * step)) * step
    if (bps > 0n && bps <= BPS && (lost - 1n) * BPS < bps * sent && bps * sent < (lost + 1n) * BPS)
      return Number(bps)
  }
  return Number(nearest)
}
