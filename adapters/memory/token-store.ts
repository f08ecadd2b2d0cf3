import type { StoredToken, TokenStore } from '#core/tokens/ports.ts'

/** @param tokens by chain and address; several stores may share it */
export const createMemoryTokenStore = (tokens: Map<string, StoredToken>): TokenStore => ({
  async read(chainId, addresses) {
    return addresses.map((address) => tokens.get(`${chainId} ${address}`))
  },
  async put(chainId, given) {
    for (const token of given) {
      const key = `${chainId} ${token.address}`
      const old = tokens.get(key)
      if (!old || old.number <= token.number) tokens.set(key, token)
    }
  },
})
