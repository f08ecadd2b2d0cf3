import type { TokenStore } from '#core/tokens/ports.ts'
import { batchesOf } from './batches.ts'
import type { Collections, TokenDocument } from './collections.ts'
import { insertBatch } from './insert.ts'

const TOKENS_BATCH = 500

export const createMongoTokenStore = ({ tokens }: Pick<Collections, 'tokens'>): TokenStore => ({
  async read(chainId, addresses) {
    const found = new Map<string, TokenDocument>()
    for (const batch of batchesOf(addresses, TOKENS_BATCH)) {
      const ids = batch.map((address) => idOf(chainId, address))
      const stored = await tokens.find({ _id: { $in: ids } }).toArray()
      for (const token of stored) found.set(token.address, token)
    }
    return addresses.map((address) => {
      const stored = found.get(address)
      if (!stored) return undefined
      const { symbol, name, decimals, number, readAtMs } = stored
      return { address, symbol, name, decimals, number, readAtMs }
    })
  },
  async put(chainId, given) {
    for (const batch of batchesOf(given, TOKENS_BATCH)) {
      const documents = batch.map((token) => ({
        _id: idOf(chainId, token.address),
        chainId,
        ...token,
      }))
      for (const place of await insertBatch(tokens, documents)) {
        const { _id, ...rest } = documents[place] as TokenDocument
        await tokens.updateOne({ _id, number: { $lte: rest.number } }, { $set: rest })
      }
    }
  },
})

const idOf = (chainId: number, address: string): string => `${chainId}:${address}`
