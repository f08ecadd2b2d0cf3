import { createRequire } from 'node:module'
import { join } from 'node:path'
import { type Abi, maxUint256 } from 'viem'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { contracts } from '#devnet/contracts.ts'
import { connect } from '#devnet/node.ts'
import { type Address, type Hex, parseAddress } from '#core/chain.ts'
import type { TokenBalance } from '#core/tokens/balance.ts'
import {
  listBalanceHistory,
  listTokenHolders,
  listTokensOfAccount,
  readBalanceAt,
} from '#core/tokens/list-balances.ts'
import { expectIndexed } from '#core/tokens/indexed-tokens.ts'
import { readSummary } from '#core/tokens/read-summary.ts'
import { addressOf } from '../fakes/encode.ts'
import { createRandom } from '../fakes/random.ts'
import { compileAll } from '../tools/solidity.ts'
import { type Chain, type Contract, openChain } from './chain.ts'
import { indexChain, type IndexedChain } from './forks.ts'

const chain = await openChain('ERC-20 tokens')
afterAll(() => chain?.[Symbol.asyncDispose]())

const STEPS = 16
const E18 = 10n ** 18n
const PEOPLE = Array.from({ length: 5 }, (_, index) => addressOf(0xbb01 + index))
const deflating = createRequire(import.meta.url)(
  '@uniswap/v2-periphery/build/DeflatingERC20.json',
) as { abi: Abi; bytecode: string }

describe.skipIf(!chain)('balances of ERC-20 tokens against their contracts', () => {
  const on = chain as Chain
  const tokens: Record<'plain' | 'taxed' | 'weth' | 'elastic' | 'silent' | 'told', Contract> =
    {} as never
  let router: Contract
  let factory: Contract
  let indexed: IndexedChain
  /** Balances of the plain token and of WETH as the contracts told them after blocks. */
  const seen: { token: Contract; account: Address; block: number; balance: bigint }[] = []

  const balanceOf = (token: Contract, account: Address): Promise<bigint> =>
    on.read<bigint>(token, 'balanceOf', [account])

  const pairOf = async (a: Contract, b: Contract): Promise<Address> =>
    parseAddress(await on.read<string>(factory, 'getPair', [a.address, b.address]), 'getPair')

  async function trade(from: Contract, to: Contract, amount: bigint, recipient: Address) {
    await on.send(router, 'swapExactTokensForTokensSupportingFeeOnTransferTokens', [
      amount,
      0n,
      [from.address, to.address],
      recipient,
      maxUint256,
    ])
  }

  const supply = (a: Contract, b: Contract) =>
    on.send(router, 'addLiquidity', [
      a.address,
      b.address,
      1_000n * E18,
      1_000n * E18,
      0n,
      0n,
      on.account,
      maxUint256,
    ])

  beforeAll(async () => {
    const random = createRandom(58)
    const builds = compileAll(join(import.meta.dirname, 'elastic-tokens.sol'))
    const elastic = builds['ElasticToken'] as { abi: Abi; bytecode: Hex }
    tokens.weth = await on.deploy(contracts.weth)
    factory = await on.deploy(contracts.v2Factory, [on.account])
    router = await on.deploy(contracts.v2Router, [factory.address, tokens.weth.address])
    tokens.plain = await on.deployToken()
    tokens.taxed = await on.deploy(
      { abi: deflating.abi, bytecode: `0x${deflating.bytecode.replace(/^0x/, '')}` },
      [100_000n * E18],
    )
    tokens.elastic = await on.deploy(elastic, [100_000n * E18])
    tokens.told = await on.deploy(elastic, [100_000n * E18])
    tokens.silent = await on.deploy(builds['SilentFeeToken'] as typeof elastic, [100_000n * E18])
    for (const token of Object.values(tokens))
      await on.send(token, 'approve', [router.address, maxUint256])
    for (const other of [tokens.taxed, tokens.elastic, tokens.silent]) {
      await supply(tokens.plain, other)
      await trade(tokens.plain, other, E18, PEOPLE[0] as Address)
      await trade(tokens.plain, other, E18, on.account)
      await trade(other, tokens.plain, E18, on.account)
    }
    await on.send(tokens.elastic, 'rebase', [110n, false])
    await on.send(
      { address: await pairOf(tokens.plain, tokens.elastic), abi: contracts.v2Pair.abi },
      'sync',
    )
    await trade(tokens.plain, tokens.elastic, E18, on.account)
    await on.send(tokens.told, 'rebase', [101n, true])
    for (let step = 0; step < STEPS; step++) {
      const to = random.pick(PEOPLE)
      switch (random.int(4)) {
        case 0:
          await on.send(tokens.plain, 'burn', [random.bits(60)])
          break
        case 1:
          await trade(tokens.plain, tokens.taxed, 1n + random.bits(50), to)
          break
        default:
          await on.send(tokens.plain, 'transfer', [to, random.chance(0.1) ? 0n : random.bits(70)])
      }
      const { number: block } = await on.head()
      const balance = await balanceOf(tokens.plain, to)
      seen.push({ token: tokens.plain, account: to, block, balance })
    }
    const { request } = connect(on.url)
    const deposit = {
      from: on.account,
      to: tokens.weth.address,
      data: '0xd0e30db0',
      gas: '0xfffff',
    }
    await request('eth_sendTransaction', [{ ...deposit, value: '0x4563918244f40000' }])
    await request('evm_mine')
    await on.send(tokens.weth, 'transfer', [PEOPLE[0], E18])
    await on.send(tokens.weth, 'withdraw', [2n * E18])
    const source = (token: Contract, more: object = {}) => ({
      kind: 'erc20',
      address: token.address,
      startBlock: 0,
      ...more,
    })
    const { weth, ...others } = tokens
    indexed = await indexChain(on, [
      { kind: 'uniswap-v2', factory: factory.address, startBlock: 0 },
      source(weth, { wrapsNative: true }),
      ...Object.values(others).map((token) => source(token)),
    ])
  }, 120_000)
  afterAll(() => indexed?.[Symbol.asyncDispose]())

  async function holdersOf({ address: token }: Contract): Promise<TokenBalance[]> {
    const { api, view } = indexed
    const at = await view()
    const all: TokenBalance[] = []
    for (;;) {
      const after = all.at(-1)
      const page = await listTokenHolders(api.ports, at, {
        token,
        limit: 2,
        ...(after && { after }),
      })
      all.push(...page.items)
      if (!page.hasMore) return all
    }
  }

  const summaryOf = async ({ address }: Contract) => {
    const { api, view } = indexed
    return readSummary(api.ports, await view(), expectIndexed(api.ports.indexedTokens, address))
  }

  test.each(['plain', 'taxed', 'weth'] as const)(
    'holders of a %s token, the largest first, hold what its contract says, and so does all of it',
    async (name) => {
      const token = tokens[name]
      const holders = await holdersOf(token)
      for (const { account, balance, shortfall } of holders) {
        expect(balance).toBe(await balanceOf(token, account))
        expect(shortfall).toBe(0n)
      }
      expect(holders.length).toBeGreaterThan(1)
      const balances = holders.map(({ balance }) => balance)
      expect(balances).toEqual(balances.toSorted((a, b) => (a < b ? 1 : a > b ? -1 : 0)))
      const {
        holders: count,
        minted,
        burnt,
        untoldReason,
        balances: trust,
      } = await summaryOf(token)
      expect(count).toBe(holders.length)
      expect(balances.reduce((sum, each) => sum + each, 0n)).toBe(minted - burnt)
      expect(minted - burnt).toBe(await on.read<bigint>(token, 'totalSupply'))
      expect({ untoldReason, trust }).toEqual({ untoldReason: null, trust: 'whole' })
    },
  )

  test('a balance after any block is what the contract said then, and the history has each change', async () => {
    const { api, view } = indexed
    const at = await view()
    for (const { token, account, block, balance } of seen) {
      const of = { token: token.address, account, block }
      expect((await readBalanceAt(api.ports, at, of)).balance).toBe(balance)
    }
    const [account] = PEOPLE as [Address]
    const query = { token: tokens.plain.address, account, limit: 100 }
    const { items } = await listBalanceHistory(api.ports, at, query)
    const changes = seen.filter(
      (each, index) =>
        each.account === account &&
        each.balance !==
          (seen.slice(0, index).findLast((one) => one.account === account)?.balance ?? 0n),
    )
    expect(items.map(({ number, balance }) => [number, balance])).toEqual(
      changes.map(({ block, balance }) => [block, balance]).toReversed(),
    )
    await expect(
      readBalanceAt(api.ports, at, { ...query, block: at.head.number + 1 }),
    ).rejects.toThrow(/block: .* is above the newest indexed block/)
  })

  test('the tokens of an account are those that it holds', async () => {
    const { api, view } = indexed
    const page = await listTokensOfAccount(api.ports, await view(), {
      account: PEOPLE[0] as Address,
      limit: 10,
    })
    const held = Object.values(tokens).map(async (token) =>
      (await balanceOf(token, PEOPLE[0] as Address)) > 0n ? [token.address] : [],
    )
    expect(page.items.map(({ token }) => token)).toEqual(
      (await Promise.all(held)).flat().toSorted(),
    )
  })

  test('a token that takes a fee on transfers is told by a swap of which less arrived than was sent', async () => {
    const { taxPool, taxSent, taxReceived, untoldReason } = await summaryOf(tokens.taxed)
    expect(taxPool).toBe(await pairOf(tokens.plain, tokens.taxed))
    expect(taxReceived).toBe((taxSent as bigint) - (taxSent as bigint) / 100n)
    expect(untoldReason).toBe(null)
    for (const token of [tokens.plain, tokens.weth, tokens.elastic])
      expect((await summaryOf(token)).taxBlock).toBe(null)
  })

  test('a token whose balances change without a word is told by the reserve of a pool', async () => {
    for (const token of [tokens.elastic, tokens.silent])
      expect(await summaryOf(token)).toMatchObject({
        balances: 'untold',
        untoldReason: 'reserve-differs',
        untoldAccount: await pairOf(tokens.plain, token),
      })
  })

  test('and one that tells of it by its event', async () => {
    expect(await summaryOf(tokens.told)).toMatchObject({
      balances: 'untold',
      untoldReason: 'rebase-event',
      untoldAccount: tokens.told.address,
    })
  })
})
