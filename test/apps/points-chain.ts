import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import {
  createTestClient,
  http,
  keccak256,
  publicActions,
  toFunctionSelector,
  toHex,
  walletActions,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { type Anvil, startAnvil } from '#devnet/anvil.ts'
import { type ContractName, contracts } from '#devnet/contracts.ts'
import type { Address, Hash, Hex } from '#core/chain.ts'

const { abi } = contracts.points

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
  const [admin, user] = (await chain.getAddresses()) as [Address, Address]
  const deploy = async (name: ContractName, args: readonly unknown[]): Promise<Address> => {
    const { abi: of, bytecode } = contracts[name]
    const hash = await chain.deployContract({ abi: of, bytecode, args, account: admin })
    await chain.mine({ blocks: 1 })
    const { contractAddress } = await chain.getTransactionReceipt({ hash })
    return (contractAddress as Address).toLowerCase() as Address
  }
  const sendTo = (to: Address, from: Address, functionName: string, args: readonly unknown[]) =>
    chain.writeContract({ address: to, abi, functionName, args, account: from })
  const letSpend = async (to: Address): Promise<void> => {
    const role = (name: string): Hex => keccak256(toHex(name))
    const signer = privateKeyToAccount(voucherKey).address
    for (const sender of senders)
      await sendTo(to, admin, 'setRole', [role('SPENDER'), sender, true])
    await sendTo(to, admin, 'setRole', [role('SIGNER'), signer, true])
    await sendTo(to, admin, 'setRole', [role('PAUSER'), admin, true])
  }
  const address = await deploy('points', [admin])
  const send = (from: Address, functionName: string, args: readonly unknown[]) =>
    sendTo(address, from, functionName, args)
  for (const sender of senders) await chain.setBalance({ address: sender, value: 10n ** 18n })
  await letSpend(address)
  await chain.mine({ blocks: 1 })
  return {
    anvil,
    chain,
    address,
    admin,
    user,
    deploy,
    letSpend,
    send,
    mine: (blocks = 1) => chain.mine({ blocks }),
    statusOf: async (operation) =>
      Number(
        await chain.readContract({ address, abi, functionName: 'statusOf', args: [operation] }),
      ),
    useNonce: async (key, nonce) => {
      const account = privateKeyToAccount(key)
      const fees = { maxFeePerGas: 500_000_000_000n, maxPriorityFeePerGas: 2_000_000_000n }
      await chain.sendTransaction({ account, to: account.address, nonce, gas: 21_000n, ...fees })
    },
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
  /** Of the admin; mines a block for it. */
  deploy(name: ContractName, args: readonly unknown[]): Promise<Address>
  /** Gives roles of a points contract to the senders, the signer of vouchers and the admin. In the next block. */
  letSpend(contract: Address): Promise<void>
  send(from: Address, functionName: string, args: readonly unknown[]): Promise<Hash>
  mine(blocks?: number): Promise<void>
  /** 0: nothing happened, 1: spent, 2: cancelled. */
  statusOf(operation: Hash): Promise<number>
  /** As somebody else would who has the key. */
  useNonce(key: Hex, nonce: number): Promise<void>
  spentEvents(): Promise<number>
}

/** A node that says of every operation that it was spent, and passes everything else on. */
export async function startLiar(url: string): Promise<Liar> {
  let isLying = true
  const status = toFunctionSelector('statusOf(bytes32)')
  type Call = { readonly id: number; readonly params: readonly { readonly data?: string }[] }
  const isLie = ({ params }: Call): boolean => params[0]?.data?.startsWith(status) === true
  const server = createServer((req, res) => {
    void (async () => {
      const body = Buffer.concat(await req.toArray())
      const response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body,
      })
      const asked = JSON.parse(String(body)) as Call | Call[]
      const answer = (await response.json()) as object | { readonly id: number }[]
      const lies = new Set(
        [asked]
          .flat()
          .filter(isLie)
          .map(({ id }) => id),
      )
      const lied = [answer].flat().map((each) => {
        const { id } = each as { readonly id: number }
        return isLying && lies.has(id)
          ? { jsonrpc: '2.0', id, result: `0x${'1'.padStart(64, '0')}` }
          : each
      })
      res.setHeader('content-type', 'application/json')
      res.end(JSON.stringify(Array.isArray(answer) ? lied : lied[0]))
    })()
  })
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `http://127.0.0.1:${port}`,
    stopLying: () => void (isLying = false),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections()
      await new Promise((resolve) => {
        server.close(resolve)
      })
    },
  }
}

type Liar = AsyncDisposable & { readonly url: string; stopLying(): void }
