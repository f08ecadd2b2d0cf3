import { createRpcTokenSource } from '#adapters/rpc/token-source.ts'
import {
  type CollectTokensPorts,
  createTokenCollector,
  type TokenCollector,
} from '#core/tokens/collect-tokens.ts'
import type { TokenReader, TokenSource } from '#core/tokens/ports.ts'
import { createTokenReader, type ReadTokensPorts } from '#core/tokens/read-tokens.ts'
import type { ChainNode } from './open-node.ts'
import type { Settings } from './settings.ts'

/** Asks tokens' contracts. */
export const openTokenSource = ({ rpc }: ChainNode): TokenSource => createRpcTokenSource(rpc)

/** What is known of tokens, from the store and else from the chain. */
export const openTokens = (
  node: ChainNode,
  history: Omit<ReadTokensPorts, 'source'>,
  { chain, quotes }: Pick<Settings, 'chain' | 'quotes'>,
): TokenReader =>
  createTokenReader({ ...history, source: openTokenSource(node) }, chain.id, quotes.nativeSymbol)

/** Stores the words of all tokens that the history's pools and the configuration name. */
export const openTokenCollector = (
  node: ChainNode,
  history: Omit<CollectTokensPorts, 'source'>,
  settings: Pick<Settings, 'chain' | 'sources' | 'quotes'>,
): TokenCollector =>
  createTokenCollector(
    { ...history, source: openTokenSource(node) },
    { chainId: settings.chain.id, configured: tokensOf(settings) },
  )

/** Tokens that the configuration names. */
function tokensOf({ sources, quotes }: Pick<Settings, 'sources' | 'quotes'>) {
  const pools = [...quotes.pools, ...sources.filter((source) => source.kind === 'pool')]
  const named = pools.flatMap(({ token0, token1 }) => [token0, token1])
  const { hubs, wrappedNative } = quotes
  return [...new Set([...named, ...hubs, ...(wrappedNative ? [wrappedNative] : [])])]
}
