import { createTestClient, http, keccak256, publicActions, toHex, walletActions } from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { type Anvil, startAnvil } from '#devnet/anvil.ts'
import { contracts } from '#devnet/contracts.ts'
import type { Address, Hash, Hex } from '#core/chain.ts'

const { abi, bytecode } = contracts.points

/** Keys of these tests alone. */
export const senderKeys: readonly Hex[] = [`0x${'51'.repeat(32)}`, `0x${'52'.repeat(32)}`]
export const voucherKey: Hex = `0x${'5e'.repeat(32)}`
const senders = senderKeys.map((key) => privateKeyToAccount(key).address.toLowerCase() as Address)

const connectTo = (url: string) =>
  createTestClient({ mode: 'anvil', chain: foundry, transport: http(url) })
    .extend(publicActions)
    .extend(walletActions)

/** A local chain with a points contract, whose spenders are the senders. Blocks are mined by hand. */
export async function startPointsChain(): Promise<PointsChain> {
  const anvil = await startAnvil({})
  const chain = connectTo(anvil.url)
  await chain.setAutomine(true)
  const [admin, user] = (await chain.getAddresses()) as [Address, Address]
  const hash = await chain.deployContract({ abi, bytecode, args: [admin], account: admin })
  const { contractAddress } = await chain.waitForTransactionReceipt({ hash, pollingInterval: 20 })
  const address = (contractAddress as Address).toLowerCase() as Address
  const send = (from: Address, functionName: string, args: readonly unknown[]) =>
    chain.writeContract({ address, abi, functionName, args, account: from })
  const signer = privateKeyToAccount(voucherKey).address
  const role = (name: string): Hex => keccak256(toHex(name))
  for (const sender of senders) {
    await chain.setBalance({ address: sender, value: 10n ** 18n })
    await send(admin, 'setRole', [role('SPENDER'), sender, true])
  }
  await send(admin, 'setRole', [role('SIGNER'), signer, true])
  await send(admin, 'setRole', [role('PAUSER'), admin, true])
  await chain.setAutomine(false)
  return {
    anvil,
    chain,
    address,
    admin,
    user,
    send,
    mine: (blocks = 1) => chain.mine({ blocks }),
    statusOf: async (operation) =>
      Number(
        await chain.readContract({ address, abi, functionName: 'statusOf', args: [operation] }),
      ),
    spentEvents: async () =>
      (await chain.getContractEvents({ address, abi, eventName: 'Spent', fromBlock: 0n })).length,
  }
}

export type PointsChain = {
  readonly anvil: Anvil
  readonly chain: ReturnType<typeof connectTo>
  readonly address: Address
  readonly admin: Address
  /** An account with funds that is none of the relay's. */
  readonly user: Address
  send(from: Address, functionName: string, args: readonly unknown[]): Promise<Hash>
  mine(blocks?: number): Promise<void>
  /** 0: nothing happened, 1: spent, 2: cancelled. */
  statusOf(operation: Hash): Promise<number>
  spentEvents(): Promise<number>
}
