import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { keccak } from '#adapters/hash-wasm/keccak.ts'
import { RpcFailure } from '#adapters/rpc/endpoint.ts'
import { createLens } from '#adapters/rpc/lens.ts'
import { createRpc, type Rpc } from '#adapters/rpc/rpc.ts'
import { createRpcStateReader } from '#adapters/rpc/state-reader.ts'
import { createRpcSwapTrials } from '#adapters/rpc/swap-trials.ts'
import { createRpcTaxReader } from '#adapters/rpc/tax-reader.ts'
import { type Anvil, DEVNET_CHAIN_ID, startAnvil } from '#devnet/anvil.ts'
import { deployDevnet } from '#devnet/deploy.ts'
import type { Deployment, DevToken } from '#devnet/deployment.ts'
import { connect, type DevNode } from '#devnet/node.ts'
import { type Address, type BlockRef, type Hex, ZERO_ADDRESS } from '#core/chain.ts'
import type { PoolTerms, StateWant, Trial } from '#core/dex/ports.ts'
import { amountOut } from '#core/dex/protocols/protocols.ts'
import type { ConstantProductState } from '#core/dex/protocols/state.ts'
import { addressOf } from '../fakes/encode.ts'
import { compileLent } from '../tools/solidity.ts'

const wordsOf = (push: string): string =>
  Array.from(
    { length: 10 },
    (_, word) => `${push}61${(word * 32).toString(16).padStart(4, '0')}52`,
  ).join('')

const deep = JSON.parse(compileLent(join(import.meta.dirname, 'deep-token.sol'), 'DeepToken')) as {
  runtime: Hex
}

/** Contracts that nobody would want to meet, as their code runs. */
const codes = {
  /** Burns all the gas it is given. */
  hog: '0x5b600056',
  /** Reverts with the selector of `Error(string)` and no string. */
  curt: '0x6308c379a060e01b60005260046000fd',
  /** Reverts with a megabyte. */
  bomb: '0x621000006000fd',
  /** Reverts with words that say that all went well: `Tried(1, 2, 3)`. */
  liar: '0x6336ea2e1760e01b60005260016004526002602452600360445260646000fd',
  /** Answers everything with ones. */
  ones: `0x${wordsOf('600019')}6101406000f3`,
  /** Has a price of 1 and liquidity, and reverts when it is asked for ticks. */
  mute: '0x36600414600b57600080fd5b600160601b6000526101406000f3',
  /** Does nothing, for 130,000 gas. */
  slow: '0x620013885b60019003806004570000',
  /** Does what it is asked to, which is nothing. */
  nothing: '0x00',
  /** Keeps balances where no usual token has them. */
  deep: deep.runtime,
} as const satisfies Readonly<Record<string, Hex>>

const names = Object.keys(codes) as (keyof typeof codes)[]
const at = (name: keyof typeof codes): Address => addressOf(0xbad00 + names.indexOf(name))

describe('calls of the lens, among bad contracts', () => {
  let anvil: Anvil
  let node: DevNode
  let deployment: Deployment
  let rpc: Rpc
  let block: BlockRef

  beforeAll(async () => {
    anvil = await startAnvil()
    node = connect(anvil.url)
    deployment = await deployDevnet(anvil.url)
    for (const name of names) await node.request('anvil_setCode', [at(name), codes[name]])
    await node.request('evm_mine', [])
    const { number, hash } = await node.request<{ number: Hex; hash: Hex }>(
      'eth_getBlockByNumber',
      ['latest', false],
    )
    block = { number: Number(number), hash }
    rpc = createRpc([anvil.url], { chainId: DEVNET_CHAIN_ID, rounds: 1 })
  }, 60_000)
  afterAll(async () => {
    await rpc?.close()
    await anvil?.[Symbol.asyncDispose]()
  })

  /** The same node, which gives calls so much gas. */
  const stingy = (gas: number): Rpc => ({
    ...rpc,
    call: (calls, accept) =>
      rpc.call(
        calls.map(({ method, params: [call, ...rest] }) => ({
          method,
          params: [{ ...(call as object), gas: `0x${gas.toString(16)}` }, ...rest],
        })),
        accept,
      ),
  })

  const tokens = (): [DevToken, DevToken] => deployment.tokens.slice(0, 2) as [DevToken, DevToken]

  describe('trials', () => {
    const trial = ({
      router = at('nothing'),
      ...changes
    }: Partial<Trial> & { readonly router?: Address } = {}): Trial => ({
      tokenIn: tokens()[0].address,
      tokenOut: tokens()[1].address,
      amountIn: 5n,
      recipient: addressOf(0xa),
      call: { by: 'router', router, data: '0x' },
      ...changes,
    })
    const run = (trials: readonly Trial[], asked = rpc) =>
      createRpcSwapTrials(createLens(asked), keccak).run(block, trials)

    test('one that burns all gas, or reverts with a megabyte, leaves the others theirs', async () => {
      const bad = (['hog', 'bomb'] as const).flatMap((name) => [
        trial({ tokenIn: at(name) }),
        trial({ tokenOut: at(name) }),
        trial({ router: at(name) }),
      ])
      const outcomes = await run([...bad, trial(), ...bad, trial()], stingy(30_000_000))
      const done = outcomes.flatMap(({ status }, index) => (status === 'done' ? [index] : []))
      expect(done).toEqual([bad.length, bad.length * 2 + 1])
    })

    test('a balance is found where few tokens keep it', async () => {
      const found = { status: 'done', spent: 0n }
      const [deepOne, none] = await run([
        trial({ tokenIn: at('deep') }),
        trial({ tokenIn: at('nothing') }),
      ])
      expect(deepOne).toMatchObject(found)
      expect(none).toMatchObject({ status: 'untried' })
    })

    test('a reason that is none is one that is not told', async () => {
      const [curt, fine] = await run([trial({ router: at('curt') }), trial()])
      expect(curt).toMatchObject({
        status: 'reverted',
        reason: expect.stringContaining('reverted'),
      })
      expect(fine).toMatchObject({ status: 'done' })
    })

    test('a router without code has done nothing, whatever is sold, so that is no trade', async () => {
      const outcomes = await run([
        trial({ router: addressOf(0xabc) }),
        trial({ router: addressOf(0xabc), tokenIn: ZERO_ADDRESS }),
        trial(),
      ])
      const refused = {
        status: 'reverted',
        reason: 'there is no contract at the address of the router',
      }
      expect(outcomes).toMatchObject([refused, refused, { status: 'done' }])
    })

    test('who reverts with the words of success has failed', async () => {
      const outcomes = await run([
        trial({ tokenIn: at('liar') }),
        trial({ tokenOut: at('liar') }),
        trial({ router: at('liar') }),
      ])
      expect(outcomes.map(({ status }) => status)).toEqual(['untried', 'reverted', 'reverted'])
    })

    test('a pair that takes a smaller fee than is assumed shows: it gives more than it is asked for', async () => {
      const pool = deployment.pools.find(({ protocol }) => protocol === 'uniswap-v2')
      if (!pool) throw new Error('the chain has no pair')
      const terms: PoolTerms = {
        ...pool,
        id: pool.address,
        token0: pool.token0.address,
        token1: pool.token1.address,
        origin: null,
      }
      const amountIn = 10n ** 15n
      const sale = (feePips: number): Trial => {
        const hops = [{ pool: { ...terms, feePips }, zeroForOne: true }]
        const call = { by: 'pools' as const, legs: [{ amountIn, hops }], wrappedNative: null }
        return trial({ tokenIn: terms.token0, tokenOut: terms.token1, amountIn, call })
      }
      const [right, tooHigh] = await run([sale(3_000), sale(10_000)])
      const words = { centred: true, from: 0, to: 0 }
      const [state] = await createRpcStateReader(createLens(rpc)).read(block, [
        { pool: terms, words },
      ])
      const paid = (feePips: number) =>
        amountOut({ ...(state as ConstantProductState), feePips }, true, amountIn)
      expect(right).toMatchObject({ status: 'done', received: paid(3_000) })
      expect(tooHigh).toMatchObject({ status: 'done', received: paid(10_000) + 1n })
    })

    test('those that share too little gas are tried again, fewer at a time', async () => {
      const trials = Array.from({ length: 40 }, () => trial({ router: at('slow') }))
      const outcomes = await run(trials, stingy(3_000_000))
      expect(outcomes.map(({ status }) => status)).toEqual(trials.map(() => 'done'))
    })
  })

  test('a call that a node finds too large is one that it could not answer', async () => {
    const refusing: Rpc = {
      ...rpc,
      call: async () => {
        throw new RpcFailure('too-large', 'HTTP 413')
      },
    }
    await expect(createLens(refusing).call(block, '0x')).rejects.toMatchObject({
      kind: 'unavailable',
      message: expect.stringMatching(/^chain\.rpc: .*HTTP 413/),
    })
  })

  test('taxes are told of good tokens, whatever the bad ones do', async () => {
    const [first, second] = tokens()
    const holder = deployment.deployer
    const taxes = await createRpcTaxReader(createLens(stingy(30_000_000))).read(block, [
      { token: at('hog'), holder: addressOf(0xc01) },
      { token: at('bomb'), holder: addressOf(0xc02) },
      { token: first.address, holder },
      { token: at('ones'), holder: addressOf(0xc03) },
      { token: at('hog'), holder: addressOf(0xc04) },
      { token: second.address, holder },
    ])
    const none = { buyBps: 0, sellBps: 0 }
    expect(taxes).toEqual([undefined, undefined, none, undefined, undefined, none])
  })

  describe('states', () => {
    const around = { centred: true, from: -2, to: 2 }
    const good = (): StateWant[] =>
      deployment.pools.map((pool) => ({
        pool: {
          id: pool.address,
          protocol: pool.protocol,
          token0: pool.token0.address,
          token1: pool.token1.address,
          feePips: pool.feePips,
          tickSpacing: pool.tickSpacing,
          origin: null,
        },
        words: around,
      }))
    const bad = (name: keyof typeof codes, tickSpacing: number | null): StateWant => ({
      pool: { ...(good()[0] as StateWant).pool, id: at(name), protocol: 'uniswap-v3', tickSpacing },
      words: around,
    })
    const read = (wants: readonly StateWant[], asked = rpc) =>
      createRpcStateReader(createLens(asked)).read(block, wants)

    test('a contract that is no pool has none, and spoils no other', async () => {
      const expected = await read(good())
      expect(expected.every((state) => state !== undefined)).toBe(true)
      const bads = [...names, 'mute' as const].flatMap((name) => [bad(name, 60), bad(name, null)])
      const states = await read([...bads, ...good()])
      expect(states.slice(bads.length)).toEqual(expected)
      expect(states.slice(0, bads.length).filter(Boolean)).toEqual([])
    })

    test('too little gas for one call is enough for several', async () => {
      const expected = await read(good())
      expect(await read(good(), stingy(600_000))).toEqual(expected)
      const everything = good().map(({ pool }) => ({
        pool,
        words: { centred: false, from: -60, to: 60 },
      }))
      expect(await read(everything, stingy(600_000))).toEqual(await read(everything))
    })

    test('more words than fit into a call are one window all the same', async () => {
      const concentrated = deployment.pools.find(({ tickSpacing }) => tickSpacing !== null)
      if (!concentrated) throw new Error('there is a V3 pool')
      const pool = {
        ...(good().find(({ pool: { id } }) => id === concentrated.address) as StateWant).pool,
      } satisfies PoolTerms
      const [whole] = await read([{ pool, words: { centred: false, from: -40_000, to: 40_000 } }])
      const [parts] = await read([{ pool, words: { centred: true, from: -2_500, to: 2_500 } }])
      expect(parts).toEqual(whole)
    })
  })
})
