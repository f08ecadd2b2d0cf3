import {
  type Abi,
  decodeFunctionResult,
  encodeDeployData,
  encodeFunctionData,
  maxUint256,
} from 'viem'
import { startAnvil } from '#devnet/anvil.ts'
import { contracts } from '#devnet/contracts.ts'
import { connect } from '#devnet/node.ts'
import { type Address, type BlockRef, type Hash, type Hex, parseAddress } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import { missing } from '../servers/programs.ts'

export type Contract = { readonly address: Address; readonly abi: Abi }
type Build = { readonly abi: Abi; readonly bytecode: Hex }

export const REVERTED = 'reverted'

/** A local chain with one account that owns everything. */
export type Chain = AsyncDisposable & {
  readonly account: Address
  readonly url: string
  /** The newest block. */
  head(): Promise<BlockRef>
  deploy(build: Build, args?: readonly unknown[]): Promise<Contract>
  /** Deploys a token whose whole supply is the account's; its address is below those of `above`. */
  deployToken(): Promise<Contract>
  /** Two tokens in the order of their addresses, that `spenders` may spend. */
  deployTokens(spenders: readonly Contract[]): Promise<[Contract, Contract]>
  /** Runs a transaction. @throws where it reverts */
  send(contract: Contract, functionName: string, args?: readonly unknown[]): Promise<void>
  /** Runs a transaction, and says whether it did not revert. */
  succeeds(contract: Contract, functionName: string, args?: readonly unknown[]): Promise<boolean>
  /** Calls from the account; calls of one turn of the event loop travel together. @throws where it reverts */
  read<T>(contract: Contract, functionName: string, args?: readonly unknown[]): Promise<T>
  /** The same, with a revert as an answer. */
  ask<T>(
    contract: Contract,
    functionName: string,
    args?: readonly unknown[],
  ): Promise<T | typeof REVERTED>
  /** The account's balance of each. */
  balances(tokens: readonly Contract[]): Promise<bigint[]>
  snapshot(): Promise<Hex>
  restore(snapshot: Hex): Promise<void>
}

/** What anvil lets a transaction use at most. */
const GAS: Hex = '0xffffff'
const TOKEN_SUPPLY = 2n ** 200n
/** Walking all words of a narrow spacing takes far more than a block has. */
const CALL_GAS: Hex = '0x3b9aca00'

/** A division by zero was an invalid opcode once. Not: out of gas. */
const REVERTS = /revert|InvalidFEOpcode/

/** Undefined, and said loudly, where there is no program for it. */
export async function openChain(suite: string): Promise<Chain | undefined> {
  const anvil = await startAnvil().catch((error: unknown) => {
    if (isAppError(error, 'unavailable')) return missing(suite, error.message)
    throw error
  })
  if (!anvil) return undefined
  const { request } = connect(anvil.url)
  const [first] = await request<string[]>('eth_accounts')
  const account = parseAddress(first as string, 'eth_accounts')

  async function transact(to: Address | undefined, data: Hex): Promise<Receipt> {
    const hash = await request<Hash>('eth_sendTransaction', [
      { from: account, ...(to && { to }), data, gas: GAS },
    ])
    await request('evm_mine')
    return request<Receipt>('eth_getTransactionReceipt', [hash])
  }
  const chain: Chain = {
    account,
    url: anvil.url,
    async head() {
      const { number, hash } = await request<{ number: Hex; hash: Hash }>('eth_getBlockByNumber', [
        'latest',
        false,
      ])
      return { number: Number(number), hash }
    },
    async deploy({ abi, bytecode }, args = []) {
      const receipt = await transact(undefined, encodeDeployData({ abi, bytecode, args }))
      if (Number(receipt.status) !== 1) throw new Error('a contract cannot be deployed')
      return { abi, address: parseAddress(receipt.contractAddress, 'contractAddress') }
    },
    deployToken: () => chain.deploy(contracts.presetToken, ['Token', 'TKN', TOKEN_SUPPLY, account]),
    async deployTokens(spenders) {
      const tokens = [await chain.deployToken(), await chain.deployToken()] as const
      for (const token of tokens)
        for (const spender of spenders)
          await chain.send(token, 'approve', [spender.address, maxUint256])
      const [a, b] = tokens
      return a.address < b.address ? [a, b] : [b, a]
    },
    async send(contract, functionName, args) {
      if (!(await chain.succeeds(contract, functionName, args)))
        throw new Error(`${functionName} reverted`)
    },
    async succeeds({ address, abi }, functionName, args = []) {
      const receipt = await transact(address, encodeFunctionData({ abi, functionName, args }))
      return Number(receipt.status) === 1
    },
    async read<T>({ address, abi }: Contract, functionName: string, args: readonly unknown[] = []) {
      const data = encodeFunctionData({ abi, functionName, args })
      const call = { from: account, to: address, data, gas: CALL_GAS }
      const result = await request<Hex>('eth_call', [call, 'latest'])
      return decodeFunctionResult({ abi, functionName, args, data: result }) as T
    },
    async ask<T>(contract: Contract, functionName: string, args?: readonly unknown[]) {
      try {
        return await chain.read<T>(contract, functionName, args)
      } catch (error) {
        if (isAppError(error) && REVERTS.test(error.message)) return REVERTED
        throw error
      }
    },
    balances: (tokens) =>
      Promise.all(tokens.map((token) => chain.read<bigint>(token, 'balanceOf', [account]))),
    snapshot: () => request<Hex>('evm_snapshot'),
    async restore(snapshot) {
      await request('evm_revert', [snapshot])
    },
    [Symbol.asyncDispose]: () => anvil.stop(),
  }
  return chain
}

type Receipt = { readonly status: Hex; readonly contractAddress: string }
