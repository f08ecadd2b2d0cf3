import fc from 'fast-check'
import { decodeFunctionData, encodeAbiParameters, encodeFunctionData, parseAbi } from 'viem'
import { describe, expect, test } from 'vitest'
import { encodeArguments, readWords } from '#core/abi.ts'
import type { Address, Hex } from '#core/chain.ts'
import type { PoolState } from '#core/dex/protocols/state.ts'
import { encodeSwap, type RouterLeg, type RouterOutput } from '#core/dex/quoting/swap-router-02.ts'
import type { Hop, SwapProtocol } from '#core/dex/routing/route.ts'

const hex = (length: number): fc.Arbitrary<Hex> =>
  fc
    .uint8Array({ minLength: length, maxLength: length })
    .map((bytes): Hex => `0x${Buffer.from(bytes).toString('hex')}`)

describe('arguments of calls', () => {
  test('are encoded as viem encodes them', () => {
    const inner = fc.record({
      number: fc.bigInt({ min: -(1n << 255n), max: (1n << 255n) - 1n }),
      flag: fc.boolean(),
      account: hex(20),
      data: fc.nat(70).chain(hex),
    })
    fc.assert(
      fc.property(fc.array(inner, { maxLength: 4 }), hex(32), (items, word) => {
        const expected = encodeAbiParameters(
          [
            { type: 'bytes32' },
            {
              type: 'tuple[]',
              components: [
                { type: 'int256', name: 'number' },
                { type: 'bool', name: 'flag' },
                { type: 'address', name: 'account' },
                { type: 'bytes', name: 'data' },
              ],
            },
            { type: 'uint256[]' },
          ],
          [word, items, items.map((_, index) => BigInt(index))],
        )
        const encoded = encodeArguments([
          word,
          {
            array: items.map(({ number, flag, account, data }) => ({
              tuple: [number, flag, account, { bytes: data }],
            })),
          },
          { array: items.map((_, index) => index) },
        ])
        expect(encoded).toBe(expected)
      }),
    )
  })

  test('are read back word by word, and not beyond the end', () => {
    const words = readWords(encodeArguments([-5, 7n, { bytes: '0x1234' }]))
    expect(words.int(0)).toBe(-5n)
    expect(words.number(1)).toBe(7)
    expect(words.bytes(4, 2)).toBe('0x1234')
    expect(() => words.uint(words.length)).toThrow('no word')
    expect(() => words.number(4)).toThrow('safe integer')
    expect(() => readWords('0x12')).toThrow('whole words')
  })
})

describe('calls of SwapRouter02', () => {
  const abi = parseAbi([
    'function multicall(uint256 deadline, bytes[] data)',
    'function swapExactTokensForTokens(uint256 amountIn, uint256 amountOutMin, address[] path, address to)',
    'function swapTokensForExactTokens(uint256 amountOut, uint256 amountInMax, address[] path, address to)',
    'struct Exact { bytes path; address recipient; uint256 amount; uint256 limit; }',
    'function exactInput(Exact params)',
    'function exactOutput(Exact params)',
    'function sweepToken(address token, uint256 amountMinimum, address recipient)',
    'function unwrapWETH9(uint256 amountMinimum, address recipient)',
    'function refundETH()',
  ])
  const [A, B, C, D] = ['a', 'b', 'c', 'd'].map((digit) => `0x${digit.repeat(40)}`) as [
    Address,
    Address,
    Address,
    Address,
  ]
  const RECIPIENT: Address = `0x${'9'.repeat(40)}`
  const ROUTER = '0x0000000000000000000000000000000000000002'

  const hop = (protocol: SwapProtocol, from: Address, to: Address, feePips: number): Hop => {
    const [token0, token1] = from < to ? [from, to] : [to, from]
    const state = { kind: 'constant-product', reserve0: 1n, reserve1: 1n, feePips } as PoolState
    return {
      pool: { id: `${from}${to}`, protocol, token0, token1, state },
      zeroForOne: from === token0,
    }
  }
  const leg = (...path: Hop[]): RouterLeg => ({
    path,
    amountIn: 1_000n,
    amountOut: 900n,
    amountOutMinimum: 890n,
    amountInMaximum: 1_010n,
  })
  const callsOf = (
    legs: RouterLeg[],
    exact: 'in' | 'out',
    output: RouterOutput = { kind: 'recipient' },
    isNativeIn = false,
  ) => {
    const swap = { exact, legs, recipient: RECIPIENT, deadline: 123, isNativeIn, output }
    const { functionName, args } = decodeFunctionData({ abi, data: encodeSwap(swap) })
    expect(functionName).toBe('multicall')
    const [deadline, data] = args as unknown as [bigint, Hex[]]
    expect(deadline).toBe(123n)
    return data.map((each) => {
      const { functionName: name, args: values } = decodeFunctionData({ abi, data: each })
      expect(encodeFunctionData({ abi, functionName: name, args: values })).toBe(each)
      return [name, ...((values ?? []) as readonly unknown[])]
    })
  }
  const path3 = (...parts: (string | number)[]): string =>
    `0x${parts.map((part) => (typeof part === 'number' ? part.toString(16).padStart(6, '0') : part.slice(2))).join('')}`
  const lower = (value: unknown): unknown =>
    JSON.parse(
      JSON.stringify(value, (_, each: unknown) =>
        typeof each === 'bigint' ? `${each}n` : each,
      ).toLowerCase(),
    )

  test('sell exactly through V2, V3, and both, one after the other', () => {
    const legs = [
      leg(hop('uniswap-v2', A, B, 3_000), hop('uniswap-v2', B, D, 3_000)),
      leg(hop('uniswap-v3', A, C, 500), hop('uniswap-v3', C, D, 10_000)),
      leg(hop('uniswap-v2', A, C, 3_000), hop('uniswap-v3', C, D, 500)),
    ]
    expect(lower(callsOf(legs, 'in'))).toEqual(
      lower([
        ['swapExactTokensForTokens', 1_000n, 890n, [A, B, D], RECIPIENT],
        [
          'exactInput',
          { path: path3(A, 500, C, 10_000, D), recipient: RECIPIENT, amount: 1_000n, limit: 890n },
        ],
        ['swapExactTokensForTokens', 1_000n, 0n, [A, C], ROUTER],
        ['exactInput', { path: path3(C, 500, D), recipient: RECIPIENT, amount: 0n, limit: 890n }],
      ]),
    )
  })

  test('buy exactly through one protocol; through both they sell what was quoted', () => {
    const legs = [
      leg(hop('uniswap-v2', A, B, 3_000), hop('uniswap-v2', B, D, 3_000)),
      leg(hop('uniswap-v3', A, C, 500), hop('uniswap-v3', C, D, 10_000)),
      leg(hop('uniswap-v3', A, C, 500), hop('uniswap-v2', C, D, 3_000)),
    ]
    expect(lower(callsOf(legs, 'out'))).toEqual(
      lower([
        ['swapTokensForExactTokens', 900n, 1_010n, [A, B, D], RECIPIENT],
        [
          'exactOutput',
          { path: path3(D, 10_000, C, 500, A), recipient: RECIPIENT, amount: 900n, limit: 1_010n },
        ],
        ['exactInput', { path: path3(A, 500, C), recipient: ROUTER, amount: 1_000n, limit: 0n }],
        ['swapExactTokensForTokens', 0n, 890n, [C, D], RECIPIENT],
      ]),
    )
  })

  test('check the whole once, where the router collects it', () => {
    const legs = [
      leg(hop('uniswap-v2', A, D, 3_000)),
      leg(hop('uniswap-v3', A, C, 500), hop('uniswap-v3', C, D, 10_000)),
    ]
    const swept = callsOf(legs, 'out', { kind: 'collected', minimum: 1_800n, isNative: false })
    expect(swept.slice(0, 2).map(([name]) => name)).toEqual([
      'swapTokensForExactTokens',
      'exactOutput',
    ])
    expect(lower(swept[0]?.at(-1))).toBe(ROUTER)
    expect(lower(swept.slice(2))).toEqual(lower([['sweepToken', D, 1_800n, RECIPIENT]]))
    const unwrapped = callsOf(legs, 'in', { kind: 'collected', minimum: 1_700n, isNative: true })
    expect(lower(unwrapped.slice(2))).toEqual(lower([['unwrapWETH9', 1_700n, RECIPIENT]]))
  })

  test('give back what is left of the native currency that was sent along', () => {
    const calls = callsOf([leg(hop('uniswap-v3', A, D, 500))], 'out', { kind: 'recipient' }, true)
    expect(calls.map(([name]) => name)).toEqual(['exactOutput', 'refundETH'])
  })
})
