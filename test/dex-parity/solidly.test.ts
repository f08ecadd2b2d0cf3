import { join } from 'node:path'
import fc from 'fast-check'
import { afterAll, describe, expect, test } from 'vitest'
import { amountIn, amountOut, largestFill, midPrice, swap } from '#core/dex/protocols/protocols.ts'
import type { SolidlyState } from '#core/dex/protocols/state.ts'
import { createRandom } from '../fakes/random.ts'
import { compileAll } from '../tools/solidity.ts'
import { drawAmount } from './amounts.ts'
import { type Chain, type Contract, openChain, REVERTED } from './chain.ts'

const chain = await openChain('parity with the curves of Solidly')
afterAll(() => chain?.[Symbol.asyncDispose]())

const E6 = 10n ** 6n
const E18 = 10n ** 18n
/** Whole tokens of each kind, and what their decimals are: even, lopsided, dust, as much as is followed. */
const POOLS: readonly (readonly [bigint, bigint, bigint, bigint])[] = [
  [1_000_000n * E18, 1_000_000n * E18, E18, E18],
  [2_500_000n * E6, 1_900_000n * E18, E6, E18],
  [5_000n * E6, 70_000n * E6, E6, E6],
  [1_001n * 10n ** 12n, 2_002n * 10n ** 12n, E18, E18],
  [3n * 10n ** 8n, 4_321n * E18, 10n ** 8n, E18],
  [2n ** 90n, 2n ** 88n, E18, E18],
]
const ROUNDS = 8
const QUOTES_A_ROUND = 10
const FEES = [1, 5, 30, 100]

describe.skipIf(!chain)(
  'pairs of Solidly and Velodrome against their formulas as contracts',
  () => {
    const on = chain as Chain
    const builds = compileAll(join(import.meta.dirname, 'solidly.sol'))

    async function openPair(
      strict: boolean,
      stable: boolean,
      [deposit0, deposit1, unit0, unit1]: (typeof POOLS)[number],
      feeBps: number,
    ) {
      const factory = await on.deploy(builds['SolidlyFactory']!, [strict])
      const tokens = await on.deployTokens([])
      const [token0, token1] = tokens
      await on.send(factory, 'setFee', [stable, BigInt(feeBps)])
      await on.send(factory, 'create', [token0.address, token1.address, unit0, unit1, stable])
      const pair: Contract = {
        abi: builds['SolidlyPair']!.abi,
        address: await on.read(factory, 'pairs', [0n]),
      }
      await on.send(token0, 'transfer', [pair.address, deposit0])
      await on.send(token1, 'transfer', [pair.address, deposit1])
      await on.send(pair, 'sync')
      const state = async (): Promise<SolidlyState> => {
        const [reserve0, reserve1] = await on.read<bigint[]>(pair, 'getReserves')
        return {
          kind: 'solidly',
          curve: stable ? 'stable' : 'volatile',
          reserve0: reserve0 as bigint,
          reserve1: reserve1 as bigint,
          unit0,
          unit1,
          feePips: feeBps * 100,
          solver: strict ? 'velodrome-v2' : 'solidly',
        }
      }
      return { pair, tokens, state }
    }

    describe.each([
      ['Solidly', false],
      ['Velodrome V2', true],
    ])('%s', (_, strict) => {
      test.each([
        ['volatile', false],
        ['stable', true],
      ])(
        'quotes and swaps of %s pairs are the same to the wei',
        async (__, stable) => {
          const random = createRandom(strict ? 71 : 72)
          let [compared, executed] = [0, 0]
          for (const [index, pool] of POOLS.entries()) {
            const feeBps = FEES[index % FEES.length] as number
            // oxlint-disable-next-line no-await-in-loop -- one chain, one transaction after the other
            const { pair, tokens, state } = await openPair(strict, stable, pool, feeBps)
            for (let round = 0; round < ROUNDS; round++) {
              // oxlint-disable-next-line no-await-in-loop -- as above
              const before = await state()
              const draws = Array.from({ length: QUOTES_A_ROUND }, () => {
                const zeroForOne = random.chance(0.5)
                const reserve = zeroForOne ? before.reserve0 : before.reserve1
                return { zeroForOne, amount: drawAmount(random, reserve) + 1n }
              })
              // oxlint-disable-next-line no-await-in-loop -- as above
              const told = await Promise.all(
                draws.map(({ zeroForOne, amount }) =>
                  on.ask<bigint>(pair, 'getAmountOut', [
                    amount,
                    tokens[zeroForOne ? 0 : 1].address,
                  ]),
                ),
              )
              for (const [at, { zeroForOne, amount }] of draws.entries()) {
                const ours = amountOut(before, zeroForOne, amount)
                const theirs = told[at] === REVERTED ? 0n : told[at]
                // 0n also where the product would be too small after the swap, which the next lines see refused.
                if (ours > 0n) expect(ours).toBe(theirs)
                if (ours > 0n) compared++
              }
              const { zeroForOne, amount } = draws[0] as (typeof draws)[number]
              const theirs = told[0]
              if (theirs === REVERTED || theirs === 0n) continue
              const outcome = swap(before, { zeroForOne, exact: 'in', amount })
              // oxlint-disable-next-line no-await-in-loop -- as above
              await on.send(tokens[zeroForOne ? 0 : 1], 'transfer', [pair.address, amount])
              const out = zeroForOne ? [0n, theirs] : [theirs, 0n]
              // oxlint-disable-next-line no-await-in-loop -- as above
              const isDone = await on.succeeds(pair, 'swap', [...out, on.account, '0x'])
              expect(isDone).toBe(outcome.status === 'filled')
              // oxlint-disable-next-line no-await-in-loop -- as above
              if (!isDone) await on.send(pair, 'sync')
              else {
                executed++
                // oxlint-disable-next-line no-await-in-loop -- as above
                expect(outcome.status === 'filled' && outcome.after).toEqual(await state())
              }
            }
          }
          expect(compared).toBeGreaterThan(200)
          expect(executed).toBeGreaterThan(20)
        },
        120_000,
      )
    })
  },
)

const states = fc.record({
  kind: fc.constant('solidly' as const),
  curve: fc.constantFrom('volatile' as const, 'stable' as const),
  reserve0: fc.bigInt(10n ** 9n, 10n ** 25n),
  reserve1: fc.bigInt(10n ** 9n, 10n ** 25n),
  unit0: fc.constantFrom(E18, 10n ** 12n, 10n ** 8n),
  unit1: fc.constantFrom(E18, 10n ** 12n, 10n ** 8n),
  feePips: fc.constantFrom(0, 100, 500, 3_000),
  solver: fc.constantFrom('solidly' as const, 'velodrome-v2' as const),
})

test('the input that is asked for an output is the least that pays it', () => {
  fc.assert(
    fc.property(states, fc.boolean(), fc.bigInt(1n, 10n ** 24n), (state, zeroForOne, input) => {
      const output = amountOut(state, zeroForOne, input)
      if (output === 0n) return
      const cost = amountIn(state, zeroForOne, output)
      if (cost === 0n) return
      expect(amountOut(state, zeroForOne, cost)).toBeGreaterThanOrEqual(output)
      // The iteration of the contracts is off by a unit of 18 decimals here and there.
      const less = cost - cost / 10n ** 9n - 1n
      expect(amountOut(state, zeroForOne, less)).toBeLessThan(output)
    }),
    { numRuns: 300 },
  )
})

test('a volatile pair never gives more than its mid price after the fee, and takes no more than its largest fill', () => {
  fc.assert(
    fc.property(states, fc.boolean(), fc.bigInt(1n, 10n ** 24n), (drawn, zeroForOne, input) => {
      const state = { ...drawn, curve: 'volatile' as const }
      const { numerator, denominator } = midPrice(state)
      const [up, down] = zeroForOne ? [numerator, denominator] : [denominator, numerator]
      const output = amountOut(state, zeroForOne, input)
      expect(output * down).toBeLessThanOrEqual(input * up)
      const largest = largestFill(state, zeroForOne, 'in')
      expect(amountOut(state, zeroForOne, largest + 1n)).toBe(0n)
    }),
  )
})

test('the mid price of a stable pair is what a small swap pays', () => {
  const state: SolidlyState = {
    kind: 'solidly',
    curve: 'stable',
    reserve0: 3_000_000n * E6,
    reserve1: 1_000_000n * E18,
    unit0: E6,
    unit1: E18,
    feePips: 0,
    solver: 'velodrome-v2',
  }
  const { numerator, denominator } = midPrice(state)
  const price = Number((numerator * 10n ** 6n) / denominator) / 1e6
  const paid = Number(amountOut(state, true, E6)) / Number(E6)
  expect(Math.abs(paid / price - 1)).toBeLessThan(1e-5)
})
