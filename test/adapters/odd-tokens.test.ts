import { join } from 'node:path'
import { type Abi, encodeDeployData, encodeFunctionData, erc20Abi, maxUint256 } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keccak } from '#adapters/hash-wasm/keccak.ts'
import { RpcFailure } from '#adapters/rpc/endpoint.ts'
import { createLens } from '#adapters/rpc/lens.ts'
import { createRpc, type Rpc } from '#adapters/rpc/rpc.ts'
import { createRpcSwapTrials } from '#adapters/rpc/swap-trials.ts'
import { createRpcTaxReader, lostBps } from '#adapters/rpc/tax-reader.ts'
import { type Anvil, DEVNET_CHAIN_ID, startAnvil } from '#devnet/anvil.ts'
import { pairAddress } from '#devnet/addresses.ts'
import { contracts } from '#devnet/contracts.ts'
import { deployDevnet } from '#devnet/deploy.ts'
import type { Deployment } from '#devnet/deployment.ts'
import { connect, type DevNode } from '#devnet/node.ts'
import { type Address, type BlockRef, type Hex, parseAddress } from '#core/chain.ts'
import type { Trial } from '#core/dex/ports.ts'
import { encodeSwap, type RouterOutput } from '#core/dex/quoting/swap-router-02.ts'
import { compileAll } from '../tools/solidity.ts'

const SUPPLY = 10n ** 27n
const builds = compileAll(join(import.meta.dirname, 'odd-tokens.sol'))

/** Constructor arguments; a fee of 30 basis points where there is one. */
const kinds = {
  BlockingToken: [SUPPLY, 30n],
  NestedToken: [SUPPLY],
  FlaggedToken: [SUPPLY],
  ShiftedToken: [SUPPLY],
  SharesToken: [SUPPLY],
  ReflectedToken: [SUPPLY],
  LockedToken: [SUPPLY],
  OutsourcedToken: [SUPPLY],
} as const

type Kind = keyof typeof kinds | 'ProxiedToken'
const names = [...(Object.keys(kinds) as Kind[]), 'ProxiedToken'] as const

/** Tokens that are unlike the usual ones, each in a pair of Uniswap V2 with the wrapped native token. */
describe('trials of odd tokens', () => {
  let anvil: Anvil
  let node: DevNode
  let deployment: Deployment
  let rpc: Rpc
  let block: BlockRef
  const tokens = new Map<string, Address>()

  async function send(to: Address | null, data: Hex, from = deployment.deployer): Promise<Address> {
    const hash = await node.request<Hex>('eth_sendTransaction', [
      { from, ...(to && { to }), data, gas: '0x989680' },
    ])
    await node.request('evm_mine', [])
    const receipt = await node.request<any>('eth_getTransactionReceipt', [hash])
    expect(receipt.status).toBe('0x1')
    return receipt.contractAddress && parseAddress(receipt.contractAddress, 'contractAddress')
  }
  async function newestBlock(): Promise<BlockRef> {
    const { number, hash } = await node.request<{ number: Hex; hash: Hex }>(
      'eth_getBlockByNumber',
      ['latest', false],
    )
    return { number: Number(number), hash }
  }
  const deploy = (name: string, args: readonly unknown[]): Promise<Address> => {
    const build = builds[name] as { abi: Abi; bytecode: Hex }
    return send(null, encodeDeployData({ ...build, args }))
  }
  const balanceOf = async (token: Address, owner: Address): Promise<bigint> => {
    const data = encodeFunctionData({ abi: erc20Abi, functionName: 'balanceOf', args: [owner] })
    return BigInt(await node.request<Hex>('eth_call', [{ to: token, data }, 'latest']))
  }
  const approve = (spender: Address): Hex =>
    encodeFunctionData({ abi: erc20Abi, functionName: 'approve', args: [spender, maxUint256] })

  async function openPair(token: Address): Promise<void> {
    const { deployer, v2Router, weth } = deployment
    await send(token, approve(v2Router))
    const args = [token, weth, SUPPLY / 10n, 10n ** 18n, 0n, 0n, deployer, maxUint256]
    const { abi } = contracts.v2Router
    await send(v2Router, encodeFunctionData({ abi, functionName: 'addLiquidity', args }))
  }

  beforeAll(async () => {
    anvil = await startAnvil()
    node = connect(anvil.url)
    deployment = await deployDevnet(anvil.url)
    for (const [name, args] of Object.entries(kinds)) tokens.set(name, await deploy(name, args))
    const implementation = await deploy('BegunSharesToken', [])
    const begin = encodeFunctionData({
      abi: (builds.BegunSharesToken as { abi: Abi }).abi,
      functionName: 'begin',
      args: [SUPPLY, deployment.deployer],
    })
    tokens.set('ProxiedToken', await deploy('ProxiedToken', [implementation, begin]))
    tokens.set('NumberedToken', await deploy('NumberedToken', [SUPPLY]))
    for (const token of tokens.values()) await openPair(token)
    block = await newestBlock()
    rpc = createRpc([anvil.url], { chainId: DEVNET_CHAIN_ID, rounds: 1 })
  }, 60_000)
  afterAll(async () => {
    await rpc?.close()
    await anvil?.[Symbol.asyncDispose]()
  })

  const tokenOf = (name: string): Address => tokens.get(name) as Address
  const AMOUNT = 123_456_789_012_345_678_901_234n

  const sale = (token: Address, to: Address, amountIn = AMOUNT): Hex =>
    encodeFunctionData({
      abi: contracts.v2Router.abi,
      functionName: 'swapExactTokensForTokensSupportingFeeOnTransferTokens',
      args: [amountIn, 0n, [token, deployment.weth], to, maxUint256],
    })
  const recipient: Address = `0x${'ab'.repeat(20)}`
  const trial = (token: Address): Trial => ({
    tokenIn: token,
    tokenOut: deployment.weth,
    amountIn: AMOUNT,
    recipient,
    call: { by: 'router', router: deployment.v2Router, data: sale(token, recipient) },
  })
  const run = (trials: readonly Trial[], asked = rpc) =>
    createRpcSwapTrials(createLens(asked), keccak).run(block, trials)

  /** What a trader who was sent the token gets for it. */
  async function execute(token: Address): Promise<{ spent: bigint; received: bigint }> {
    const snapshot = await node.request<Hex>('evm_snapshot')
    const trader = deployment.traders[0] as Address
    const give = encodeFunctionData({
      abi: erc20Abi,
      functionName: 'transfer',
      args: [trader, AMOUNT * 2n],
    })
    await send(token, give)
    await send(token, approve(deployment.v2Router), trader)
    const [had, hadOut] = [
      await balanceOf(token, trader),
      await balanceOf(deployment.weth, recipient),
    ]
    await send(deployment.v2Router, sale(token, recipient), trader)
    const spent = had - (await balanceOf(token, trader))
    const received = (await balanceOf(deployment.weth, recipient)) - hadOut
    await node.request('evm_revert', [snapshot])
    return { spent, received }
  }

  test.each(names)('a sale of a %s is tried as a trader would do it', async (name) => {
    const [outcome] = await run([trial(tokenOf(name))])
    expect(
      outcome,
      JSON.stringify(outcome, (_, v) => (typeof v === 'bigint' ? `${v}` : v)),
    ).toMatchObject({ status: 'done' })
    if (outcome?.status !== 'done') return
    const executed = await execute(tokenOf(name))
    expect(outcome.received).toBe(executed.received)
    // Where balances are shares, what is left is rounded.
    const difference = outcome.spent - executed.spent
    expect(difference >= -1n && difference <= 1n).toBe(true)
  })

  test('all of them are found together, also where the node does not tell which slots a call reads', async () => {
    const silent: Rpc = {
      ...rpc,
      call: (calls, accept) => {
        if (calls.some(({ method }) => method === 'eth_createAccessList'))
          throw new RpcFailure('refused', 'the method does not exist')
        return rpc.call(calls, accept)
      },
    }
    const trials = names.map((name) => trial(tokenOf(name)))
    const told = await run(trials)
    expect(told.map(({ status }) => status)).toEqual(names.map(() => 'done'))
    // Without that, all but those that keep balances behind more than one mapping, or elsewhere.
    const outcomes = await run(trials, silent)
    const missing = names.filter((_, index) => outcomes[index]?.status !== 'done')
    expect(missing).toEqual(['NestedToken', 'OutsourcedToken'])
  })

  test('a token that gives no account a balance by one slot is not tried, and is not called reverting', async () => {
    const [outcome] = await run([trial(tokenOf('NumberedToken'))])
    expect(outcome).toMatchObject({ status: 'untried' })
  })

  test('a trade that the chain refuses is told apart, with the reason', async () => {
    const token = tokenOf('FlaggedToken')
    const data = encodeFunctionData({
      abi: contracts.v2Router.abi,
      functionName: 'swapExactTokensForTokens',
      args: [AMOUNT, maxUint256, [token, deployment.weth], recipient, maxUint256],
    })
    const call = { by: 'router', router: deployment.v2Router, data } as const
    const [outcome] = await run([{ ...trial(token), call }])
    expect(outcome).toMatchObject({
      status: 'reverted',
      reason: expect.stringContaining('INSUFFICIENT_OUTPUT_AMOUNT'),
    })
  })

  test('an amount that no account can hold spoils no other trial of the token', async () => {
    const token = tokenOf('ShiftedToken')
    const absurd = { ...trial(token), amountIn: 1n << 100n }
    const outcomes = await run([absurd, trial(token)])
    expect(outcomes.map(({ status }) => status)).toEqual(['untried', 'done'])
  })

  test('a token that was upgraded is searched again, but not at every block', async () => {
    const snapshot = await node.request<Hex>('evm_snapshot')
    const token = tokenOf('FlaggedToken')
    // Code that does nothing at all: only the balance matters.
    await node.request('anvil_setCode', [recipient, '0x00'])
    const idle: Trial = { ...trial(token), call: { by: 'router', router: recipient, data: '0x' } }
    const trials = createRpcSwapTrials(createLens(rpc), keccak)
    expect(await trials.run(block, [idle])).toMatchObject([{ status: 'done' }])
    const other = await node.request<Hex>('eth_getCode', [tokenOf('NestedToken'), 'latest'])
    await node.request('anvil_setCode', [token, other])
    await node.request('anvil_mine', ['0x1'])
    expect(await trials.run(await newestBlock(), [idle])).toMatchObject([{ status: 'untried' }])
    await node.request('anvil_mine', ['0x64'])
    expect(await trials.run(await newestBlock(), [idle])).toMatchObject([{ status: 'done' }])
    await node.request('evm_revert', [snapshot])
  })

  test('what is bought exactly through V2 arrives, or the chain refuses it', async () => {
    const token = tokenOf('BlockingToken')
    const { weth, swapRouter } = deployment
    const [token0, token1] = [token, weth].toSorted() as [Address, Address]
    const state = { kind: 'constant-product', reserve0: 1n, reserve1: 1n, feePips: 3_000 } as const
    const pool = { id: '', protocol: 'uniswap-v2', token0, token1, state } as const
    const amountOut = SUPPLY / 1_000n
    const leg = {
      path: [{ pool, zeroForOne: token0 === weth }],
      amountIn: 0n,
      amountOut,
      amountOutMinimum: 0n,
      amountInMaximum: 10n ** 18n,
    }
    const bought = (output: RouterOutput): Trial => {
      const data = encodeSwap({
        exact: 'out',
        legs: [leg],
        recipient,
        deadline: 10 ** 10,
        isNativeIn: false,
        output,
      })
      const call = { by: 'router', router: swapRouter, data } as const
      return { tokenIn: weth, tokenOut: token, amountIn: 10n ** 18n, recipient, call }
    }
    // The pair is not exempt from the token's fee, which nobody told the router of.
    const [unchecked, checked] = await run([
      bought({ kind: 'recipient' }),
      bought({ kind: 'collected', minimum: amountOut, isNative: false }),
    ])
    expect(unchecked).toMatchObject({ status: 'done' })
    if (unchecked?.status === 'done') expect(unchecked.received).toBeLessThan(amountOut)
    expect(checked).toMatchObject({
      status: 'reverted',
      reason: expect.stringContaining('Insufficient token'),
    })
  })

  test('a tax is told of a token of few units too', async () => {
    const { v2Router, weth, deployer } = deployment
    const [few, rate] = [2_000n, 300n]
    const token = await deploy('BlockingToken', [few, rate])
    await send(token, approve(v2Router))
    const args = [token, weth, few, 10n ** 18n, 0n, 0n, deployer, maxUint256]
    const { abi } = contracts.v2Router
    await send(v2Router, encodeFunctionData({ abi, functionName: 'addLiquidity', args }))
    const pair = pairAddress(deployment.v2Factory, token, weth)
    const newest = await newestBlock()
    const reader = createRpcTaxReader(createLens(rpc))
    const none: Address = `0x${'cd'.repeat(20)}`
    expect(
      await reader.read(newest, [
        { token, holder: pair },
        { token, holder: none },
      ]),
    ).toEqual([{ buyBps: 300, sellBps: 300 }, undefined])
  })

  test('of the taxes that explain a loss of few units the roundest is taken, and never another', () => {
    expect(lostBps(1_000_000n, 1_000_000n)).toBe(0)
    for (const bps of [1, 7, 25, 30, 99, 100, 250, 1_000, 3_333, 9_999]) {
      const kept = (amount: bigint): bigint => amount - (amount * BigInt(bps)) / 10_000n
      expect(lostBps(1_000_000n, kept(1_000_000n))).toBe(bps)
      // Each of these explains what was lost, within the unit that rounding takes.
      for (const amount of [37n, 250n, 1_999n]) {
        const told = BigInt(lostBps(amount, kept(amount)))
        const difference = (amount * told) / 10_000n - (amount - kept(amount))
        expect(difference >= -1n && difference <= 1n).toBe(true)
      }
    }
    expect(lostBps(250n, 248n)).toBe(100)
  })

  test('where a balance is kept is searched once', async () => {
    const methods: string[] = []
    const counted: Rpc = {
      ...rpc,
      call: (calls, accept) => {
        methods.push(...calls.map(({ method }) => method))
        return rpc.call(calls, accept)
      },
    }
    const trials = createRpcSwapTrials(createLens(counted), keccak)
    const both = (['FlaggedToken', 'NumberedToken'] as const).map((name) => trial(tokenOf(name)))
    await Promise.all([trials.run(block, both), trials.run(block, both)])
    const searched = methods.length
    methods.length = 0
    await trials.run(block, both)
    expect(methods).toEqual(['eth_call'])
    expect(searched).toBeLessThan(20)
  })
})
