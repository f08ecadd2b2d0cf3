import type { Address } from '#core/chain.ts'
import type { Ask } from './ask.ts'
import type { WalletFinding } from './decision.ts'
import { type Erc1155Rule, type Erc20Rule, tokenIdsOf } from './rule.ts'
import { isBurnAddress } from '#core/nft/burn.ts'
import { amountOf, type Finding, tally, unknownFinding, unknownOf } from './tally.ts'

/** Units of an ERC-20 token, of all wallets together. A collection of NFTs answers the same call, and is none. */
export async function countErc20(
  ask: Ask,
  { collection: contract, min }: Erc20Rule,
  wallets: readonly Address[],
): Promise<Finding> {
  const [nft, ...balances] = await Promise.all([
    ask({ of: 'interface', contract, standard: 'erc721' }),
    ...wallets.map((account) => ask({ of: 'balance', contract, account })),
  ])
  if (nft.status === 'value' && nft.value === 1n)
    return unknownFinding(min, wallets, 'wrong-interface')
  return tally(
    min,
    wallets.map((wallet, index): WalletFinding => {
      const told = balances[index]
      if (isBurnAddress(wallet) || !told) return { wallet, amount: 0n, reason: null }
      const reason = unknownOf(told)
      return { wallet, amount: reason ? null : amountOf(told), reason }
    }),
  )
}

/** Units of tokens of an ERC-1155 contract, over ids and wallets. */
export async function countErc1155(
  ask: Ask,
  { collection: contract, tokens, min }: Erc1155Rule,
  wallets: readonly Address[],
): Promise<Finding> {
  const ids = tokenIdsOf(tokens)
  const [multi, ...rows] = await Promise.all([
    ask({ of: 'interface', contract, standard: 'erc1155' }),
    ...wallets.map((account) =>
      isBurnAddress(account)
        ? []
        : Promise.all(ids.map((tokenId) => ask({ of: 'amount', contract, account, tokenId }))),
    ),
  ])
  const wrong = unknownOf(multi) ?? (amountOf(multi) === 1n ? null : 'wrong-interface')
  if (wrong) return unknownFinding(min, wallets, wrong)
  const perWallet = wallets.map((wallet, index): WalletFinding => {
    const told = rows[index] ?? []
    const reason = told.map(unknownOf).find((each) => each !== null) ?? null
    // What is known counts, even where another id is not.
    const amount = told.reduce((sum, each) => sum + amountOf(each), 0n)
    return { wallet, amount: reason && amount === 0n ? null : amount, reason }
  })
  return tally(min, perWallet, {
    unknown: perWallet.find(({ reason }) => reason !== null)?.reason ?? null,
  })
}
