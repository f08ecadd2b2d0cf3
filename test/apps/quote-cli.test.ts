import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { CommanderError } from 'commander'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { exitCodeOf, exitCodes } from '#faces/exit-code.ts'
import { quoteCommand } from '#cli/commands/quote.ts'
import { quoteLine } from '#cli/quote/json.ts'
import { quoteTable } from '#cli/quote/table.ts'
import type { Address } from '#core/chain.ts'
import type { TokenInfo } from '#core/tokens/ports.ts'
import { messageOf } from '#core/errors.ts'
import { addressOf } from '../fakes/encode.ts'
import { sampleExactOut, sampleQuote, sampleTokens } from '../fakes/sample-quote.ts'
import { reportOf, runCli } from './run-cli.ts'

const { sold, passed, bought } = sampleTokens

const tokens = new Map<Address, TokenInfo>(
  [
    { address: sold, symbol: 'SOLD', name: 'Sold', decimals: 8, unknownBecause: null },
    {
      address: passed,
      symbol: 'PASS',
      name: null,
      decimals: null,
      unknownBecause: 'unavailable' as const,
    },
    { address: bought, symbol: 'BUY', name: 'Bought', decimals: 10, unknownBecause: null },
  ].map((info) => [info.address, info]),
)

describe('the line of JSON', () => {
  test('has the block, the amounts as decimal strings and the route, in the words of the API', () => {
    const line = quoteLine(sampleQuote, tokens)
    expect(line).not.toContain('\n')
    expect(JSON.parse(line)).toEqual({
      status: 'filled',
      block: { number: 19_000_000, hash: `0x${'ab'.repeat(32)}` },
      stateSource: 'live',
      exact: 'in',
      tokenIn: { address: sold, symbol: 'SOLD', name: 'Sold', decimals: 8, unknownBecause: null },
      tokenOut: {
        address: bought,
        symbol: 'BUY',
        name: 'Bought',
        decimals: 10,
        unknownBecause: null,
      },
      amountIn: '300000000',
      amountOut: '20000000000',
      amountInConsumed: '300000000',
      minimumReceived: '19900000000',
      maximumSent: null,
      slippageBps: 50,
      executionPrice: {
        raw: '66.6666666666666666',
        tokens: '0.666666666666666666',
        tokensInverse: '1.5',
      },
      midPrice: { raw: '70', tokens: '0.7', tokensInverse: '1.42857142857142857' },
      priceImpactBps: 12,
      lpFeeBps: 21,
      taxInBps: 0,
      taxOutBps: null,
      gas: '250000',
      gasCost: '5000000',
      legs: [
        {
          shareBps: 6_666,
          amountIn: '200000000',
          amountOut: '13000000000',
          hops: [
            {
              pool: expect.objectContaining({
                id: addressOf(0x33),
                protocol: 'uniswap-v3',
                feePips: 500,
              }),
              tokenIn: sold,
              tokenOut: passed,
              amountIn: '200000000',
              amountOut: '400',
              feeAmount: '100000',
              ticksCrossed: 3,
            },
            {
              pool: expect.objectContaining({
                id: `0x${'44'.repeat(32)}`,
                protocol: 'uniswap-v4',
                feePips: 100,
              }),
              tokenIn: passed,
              tokenOut: bought,
              amountIn: '400',
              amountOut: '13000000000',
              feeAmount: '1',
              ticksCrossed: 0,
            },
          ],
        },
        expect.objectContaining({ shareBps: 3_333 }),
      ],
      alternatives: [
        {
          pools: [
            expect.objectContaining({
              id: addressOf(0x22),
              protocol: 'uniswap-v2',
              feePips: 3_000,
            }),
          ],
          amountIn: '300000000',
          amountOut: '19000000000',
          gas: '120000',
          loss: '997000000',
        },
      ],
      transaction: { to: addressOf(0x70), data: '0xabcdef', value: '0' },
      confirmation: {
        status: 'confirmed',
        by: 'router',
        cause: null,
        reason: null,
        gas: '243210',
        quoted: null,
        executed: null,
      },
      warnings: sampleQuote.warnings,
    })
  })

  test('of an exact output has a maximum sent and no minimum received', () => {
    const json = JSON.parse(quoteLine(sampleExactOut))
    expect(json).toMatchObject({
      exact: 'out',
      maximumSent: '301500000',
      minimumReceived: null,
    })
  })

  test('of a refusal has its status, its reason, and the most that can be filled', () => {
    const { block } = sampleQuote
    const largest = { amountIn: 1n, amountOut: 2n }
    const line = quoteLine({ status: 'insufficient-liquidity', reason: 'too much', largest, block })
    expect(JSON.parse(line)).toEqual({
      status: 'insufficient-liquidity',
      reason: 'too much',
      field: null,
      largest: { amountIn: '1', amountOut: '2' },
      block: { number: block.number, hash: block.hash },
    })
  })
})

describe('the table', () => {
  test('writes amounts in whole tokens and raw units, and tells the route pool by pool', () => {
    expect(`\n${quoteTable(sampleQuote, tokens)}`).toBe(`
SOLD -> BUY, exact in

block         19000000 0x${'ab'.repeat(32)} (live states)
sold          3 SOLD (300000000 raw)
bought        2 BUY (20000000000 raw)
at least      1.99 BUY (19900000000 raw), slippage 0.50 %
price         0.6666666666 BUY per SOLD, 1.5 SOLD per BUY
mid price     0.7 BUY per SOLD, 1.428571428 SOLD per BUY
impact        0.12 %
LP fee        0.21 %
tax           sold 0.00 %, bought not known
gas           250000, which costs 0.0005 BUY (5000000 raw)
confirmation  confirmed on the chain by the router, with 243210 gas
transaction   to ${addressOf(0x70)}, data 0xabcdef
warning       tax-unknown: the tax of the token that is bought is not known

route
 66.66 %  2 SOLD (200000000 raw) -> 1.3 BUY (13000000000 raw)
          uniswap-v3 0.05 % ${addressOf(0x33)}  SOLD -> PASS, 3 ticks crossed
          uniswap-v4 0.01 % 0x${'44'.repeat(32)}  PASS -> BUY
 33.33 %  1 SOLD (100000000 raw) -> 0.7 BUY (7000000000 raw)
          uniswap-v2 0.3 % ${addressOf(0x22)}  SOLD -> BUY

alternatives, and what they lose after gas
      1.  gives 1.9 BUY (19000000000 raw), 0.0997 BUY (997000000 raw) less: uniswap-v2 0.3 % ${addressOf(0x22)}
`)
  })

  test('of an exact output says at most what is sold', () => {
    const table = quoteTable(sampleExactOut, tokens)
    expect(table).toContain('at most       3.015 SOLD (301500000 raw), slippage 0.50 %')
    expect(table).not.toContain('at least')
    expect(table).toContain('costs 3 SOLD (300000000 raw)')
  })

  test('is of raw units and addresses where tokens do not speak', () => {
    const table = quoteTable(sampleQuote, new Map())
    expect(table).toContain(`sold          300000000 raw units of ${sold}`)
    expect(table).toContain(
      `66.66666666 ${bought} per ${sold}, 0.015 ${sold} per ${bought} (raw units)`,
    )
  })

  test('shouts where the chain gives something else, and says why it was not asked', () => {
    const quoted = { amountIn: 300_000_000n, amountOut: 20_000_000_000n }
    const executed = { ...quoted, amountOut: 10_000_000_000n }
    const differs = quoteTable(
      {
        ...sampleQuote,
        confirmation: { status: 'differs', by: 'router', quoted, executed, gas: 1n },
      },
      tokens,
    )
    expect(differs).toContain(
      'DIFFERS: the chain takes 3 SOLD (300000000 raw) and gives 1 BUY (10000000000 raw)',
    )
    const reason = 'no router is configured'
    const unconfirmed = quoteTable(
      {
        ...sampleQuote,
        confirmation: { status: 'unconfirmed', cause: 'not-tried', by: null, reason },
      },
      tokens,
    )
    expect(unconfirmed).toContain(`unconfirmed: ${reason}`)
  })

  test('tells what the pools consume where that is not all', () => {
    const partial = { ...sampleQuote, amountInConsumed: 100_000_000n }
    expect(quoteTable(partial, tokens)).toContain('consumed      1 SOLD (100000000 raw)')
  })
})

describe('halyard quote', () => {
  let folder: string
  let config: string
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'halyard-quote-'))
    config = join(folder, 'halyard.json')
    writeFileSync(
      config,
      JSON.stringify({
        // Nobody listens there.
        chain: { id: 1, rpc: ['http://127.0.0.1:9'] },
        sources: [{ kind: 'uniswap-v2', factory: addressOf(0xfac) }],
      }),
    )
  })
  afterAll(() => rmSync(folder, { recursive: true }))

  const good = { in: sold, out: bought, amount: '5' }
  const argumentsOf = (options: Readonly<Record<string, string>>): string[] =>
    Object.entries({ config, ...options }).flatMap(([name, value]) => [`--${name}`, value])

  test.each([
    ['no amount', { in: sold, out: bought }, '--amount'],
    ['an amount of 0', { ...good, amount: '0' }, '--amount'],
    ['a negative amount', { ...good, amount: '-5' }, '--amount'],
    ['a fractional amount', { ...good, amount: '0.5' }, '--amount'],
    ['an absurd amount', { ...good, amount: `${2n ** 256n}` }, '--amount'],
    ['an amount of 5,000 digits', { ...good, amount: '9'.repeat(5_000) }, '--amount'],
    ['a token that is no address', { ...good, in: 'WETH' }, '--in'],
    [
      'a token with a wrong checksum',
      { ...good, in: '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAeD' },
      '0x5aAeb6053F3E94C9b9A09f33669435E7Ef1BeAed',
    ],
    ['the same token twice', { ...good, out: `0x${sold.slice(2).toUpperCase()}` }, '--out'],
    ['5 hops', { ...good, 'max-hops': '5' }, '--max-hops'],
    ['0 hops', { ...good, 'max-hops': '0' }, '--max-hops'],
    ['21 parts', { ...good, 'max-parts': '21' }, '--max-parts'],
    ['half a part', { ...good, 'max-parts': '0.5' }, '--max-parts'],
    ['slippage above 100 %', { ...good, 'slippage-bps': '10001' }, '--slippage-bps'],
    ['negative slippage', { ...good, 'slippage-bps': '-1' }, '--slippage-bps'],
    ['a block that is none', { ...good, at: 'latest' }, '--at'],
    ['a past block and a state', { ...good, at: '5', state: 'live' }, '--state'],
    ['another state', { ...good, state: 'guessed' }, '--state'],
    ['a recipient that is no address', { ...good, recipient: 'me' }, '--recipient'],
    ['11 alternatives', { ...good, alternatives: '11' }, '--alternatives'],
    ['an unknown option', { ...good, colour: 'red' }, '--colour'],
  ])('refuses %s and names the option', async (_name, options, option) => {
    let told = ''
    const command = quoteCommand()
      .exitOverride()
      .configureOutput({ writeErr: (text) => void (told += text) })
    const failure: unknown = await command
      .parseAsync(argumentsOf(options), { from: 'user' })
      .catch((error: unknown) => error)
    if (failure instanceof CommanderError) expect(failure.exitCode).not.toBe(0)
    else expect(exitCodeOf(failure)).toBe(exitCodes.usage)
    expect(`${told}${messageOf(failure)}`).toContain(option)
  })

  test('exits with 2 for what is refused', async () => {
    for (const options of [
      { ...good, amount: '0' },
      { ...good, out: sold },
    ]) {
      const { code, stdout } = await runCli('quote', ...argumentsOf(options))
      expect([code, stdout]).toEqual([2, ''])
    }
  })

  test('without chain and index ends with 69, since the same may be answered later, and one line of JSON says why', async () => {
    const result = await runCli('quote', ...argumentsOf(good), '--json')
    expect(result.code).toBe(exitCodes.unavailable)
    expect(result.stdout.trimEnd().split('\n')).toHaveLength(1)
    expect(reportOf(result)).toMatchObject({ status: 'unavailable', reason: expect.any(String) })
    expect(result.stderr).toContain('the store is not there yet')
  })

  test('says so in words on stderr without --json', async () => {
    const { code, stdout, stderr } = await runCli('quote', ...argumentsOf(good))
    expect([code, stdout]).toEqual([69, ''])
    expect(stderr).toMatch(/no quote \(unavailable\): /)
  })

  test('--help has examples, and the exit codes tell a refusal', async () => {
    const help = await runCli('quote', '--help')
    expect(help.code).toBe(0)
    expect(help.stdout).toMatch(/Examples:\n {2}\$ halyard quote --in 0x/)
    expect((await runCli('--help')).stdout).toMatch(/^ {2}3 +there is no such quote/m)
  })
})
