import { listedPools, toQuoteSettings } from '#adapters/config-file/quote-settings.ts'
import { keccak } from '#adapters/hash-wasm/keccak.ts'
import { createRpcGasPrice } from '#adapters/rpc/gas-price.ts'
import { createLens } from '#adapters/rpc/lens.ts'
import { createRpcStateReader } from '#adapters/rpc/state-reader.ts'
import { createRpcSwapTrials } from '#adapters/rpc/swap-trials.ts'
import { createRpcTaxReader } from '#adapters/rpc/tax-reader.ts'
import { createRpcTickChanges } from '#adapters/rpc/tick-changes.ts'
import type { QuotePorts } from '#core/dex/ports.ts'
import { createQuoter, type Quoter } from '#core/dex/quoter.ts'
import { rememberTicks } from '#core/dex/quoting/remembered-ticks.ts'
import type { ChainNode } from './open-node.ts'
import type { Settings } from './settings.ts'

export type QuoterOptions = {
  /** How long a gas price counts, in milliseconds. */
  readonly gasPriceMs: number
  /** Whether to quote the pools that the configuration lists one by one, which an index would tell of. */
  readonly isWithoutIndex?: boolean
}

/** @param history where pools are found, with the chain's tip, the tokens and the clock to go by */
export function openQuoter(
  { rpc }: ChainNode,
  history: Omit<QuotePorts, 'states' | 'trials' | 'taxes' | 'gasPrice'>,
  settings: Pick<Settings, 'chain' | 'sources' | 'quotes'>,
  { gasPriceMs, isWithoutIndex = false }: QuoterOptions,
): Quoter {
  const lens = createLens(rpc)
  const quoting = toQuoteSettings(settings, keccak)
  return createQuoter(
    {
      ...history,
      states: rememberTicks(createRpcStateReader(lens), createRpcTickChanges(rpc)),
      trials: createRpcSwapTrials(lens, keccak),
      taxes: createRpcTaxReader(lens),
      gasPrice: createRpcGasPrice(rpc, gasPriceMs),
    },
    isWithoutIndex ? { ...quoting, pools: [...quoting.pools, ...listedPools(settings)] } : quoting,
  )
}
