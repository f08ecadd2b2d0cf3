import type { Address } from '#core/chain.ts'
import type { TokenInfo } from '#core/tokens/ports.ts'
import { toJson, tokensOf } from '#resources/json.ts'
import type { Resource } from '#resources/resource.ts'
import { isUnsettled } from '#core/tokens/token-words.ts'
import { readTokens } from '#api/tokens.ts'
import type { Ports } from '#api/wire.ts'

/** Items as JSON, and whether they hold anything that asking again at the same block could answer otherwise. */
export type Joined = { readonly written: readonly object[]; readonly isLive: boolean }

/** Writes items with what tokens say of themselves now, all of them in one read. */
export async function joinTokens<T>(
  ports: Pick<Ports, 'tokens'>,
  resource: Resource<T>,
  items: readonly T[],
): Promise<Joined> {
  const addresses = tokensOf(resource, items)
  const infos = addresses.length === 0 ? [] : await readTokens(ports, addresses)
  return { written: writeItems(resource, items, infos), isLive: infos.some(isUnsettled) }
}

/** Writes items with what their tokens, in any order, say of themselves. */
export function writeItems<T>(
  resource: Resource<T>,
  items: readonly T[],
  infos: readonly TokenInfo[],
): readonly object[] {
  const byAddress = new Map<Address, TokenInfo>(infos.map((info) => [info.address, info]))
  return items.map((item) => toJson(resource, item, byAddress))
}
