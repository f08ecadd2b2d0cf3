import { describe, expect, test } from 'vitest'
import type { Address } from '#core/chain.ts'
import { newPool } from '#core/dex/pool.ts'
import type { TokenInfo } from '#core/tokens/ports.ts'
import { namelessToken } from '#core/tokens/token-words.ts'
import { toJson, tokensOf } from '#resources/json.ts'
import { pool } from '#resources/pools.ts'
import {
  address,
  bigint,
  choice,
  column,
  field,
  int,
  joined,
  linkTo,
  listOf,
  maybe,
  only,
  resource,
  text,
} from '#resources/resource.ts'
import { toRow } from '#resources/rows.ts'
import { token } from '#resources/tokens.ts'

type Part = { readonly size: number; readonly of: Address }
type Thing = {
  readonly at: Address
  readonly amount: bigint | null
  readonly colour: 'red' | 'light-blue'
  readonly parts: readonly Part[]
  readonly main: Part | null
}

const part = resource<Part>('Part', 'Of a thing.', {
  size: field(int, ({ size }) => size),
  of: field(token, ({ of }) => of),
})

const thing = resource<Thing>(
  'Thing',
  'Made for this test.',
  {
    at: field(address, ({ at }) => at),
    amount: maybe(bigint, ({ amount }) => amount, 'Raw units.'),
    colour: field(
      choice<Thing['colour']>('Colour', { red: {}, 'light-blue': {} }),
      (of) => of.colour,
    ),
    parts: only(
      ['json'],
      field(listOf(part), ({ parts }) => parts),
    ),
    main: maybe(part, ({ main }) => main),
    seen: column(
      'lastSeen',
      field(linkTo(token), ({ at }) => at),
    ),
    label: joined(
      text,
      ({ at }) => [at],
      (_of, [info]) => info?.symbol ?? null,
    ),
  },
  ({ at }) => at,
)

const [one, two] = [addressOf(1), addressOf(2)]
const info: TokenInfo = {
  address: one,
  symbol: 'ONE',
  name: 'One',
  decimals: 1,
  unknownBecause: null,
}
const item: Thing = {
  at: one,
  amount: 2n ** 200n,
  colour: 'light-blue',
  parts: [{ size: 7, of: two }],
  main: null,
}

describe('a resource', () => {
  test('is JSON with every field in its order: big numbers as text, null for nothing, links by key', () => {
    const json = toJson(thing, item, new Map([[one, info]]))
    expect(JSON.stringify(json)).toBe(
      JSON.stringify({
        at: one,
        amount: (2n ** 200n).toString(),
        colour: 'light-blue',
        parts: [{ size: 7, of: namelessToken(two, 'unavailable') }],
        main: null,
        seen: one,
        label: 'ONE',
      }),
    )
  })

  test('names the tokens that its own words and those within it are made of, each once', () => {
    expect(tokensOf(thing, [item, item])).toEqual([two, one])
    expect(tokensOf(thing, [])).toEqual([])
  })

  test('is a line of a table: what it holds is spread over columns, what it mentions is a key', () => {
    const main = { size: 3, of: two }
    expect(toRow(thing, { ...item, main })).toEqual({
      at: one,
      amount: 2n ** 200n,
      colour: 'light-blue',
      mainSize: 3,
      mainOf: two,
      lastSeen: one,
      label: null,
    })
    // The columns of all lines are the same, whatever they hold.
    expect(Object.keys(toRow(thing, item))).toEqual(Object.keys(toRow(thing, { ...item, main })))
  })

  test('refuses a list in a table rather than write something for it', () => {
    const listed = resource<Thing>('Listed', undefined, {
      parts: field(listOf(part), ({ parts }) => parts),
    })
    expect(() => toRow(listed, item)).toThrow('a list has no cell')
  })

  test('does not compile where a value is not of its type, or a word is not described', () => {
    // @ts-expect-error a number is not an address
    field<Thing, Address>(address, ({ amount }) => Number(amount))
    // @ts-expect-error null where a field always has a value
    resource<Thing>('Bad', undefined, { amount: field(bigint, ({ amount }) => amount) })
    // @ts-expect-error `light-blue` is not described
    choice<Thing['colour']>('Bad', { red: {} })
    // @ts-expect-error another item than the resource is made of
    resource<Part>('Bad', undefined, { at: field(address, ({ at }) => at) })
  })
})

test('a pool says the same in JSON and in a table, but for what the chain is asked for', () => {
  const found = newPool({
    address: addressOf(9),
    protocol: 'uniswap-v2',
    factory: null,
    token0: one,
    token1: two,
    feePips: 3_000,
    createdBlock: 1,
  })
  const quotable = { status: 'live-only', reason: 'past-unknown' } as const
  const held = { ...found, reserve0: 4n, reserve1: 2n, quotable }
  const json = toJson(pool, held, new Map())
  const { token0, token1, price, quotable: told, ...rest } = json as Record<string, unknown>
  const { token0: key0, token1: key1, quotableStatus, quotableReason, ...cells } = toRow(pool, held)
  expect({ status: quotableStatus, reason: quotableReason }).toEqual(quotable)
  expect(told).toEqual({ ...quotable, explanation: expect.stringContaining('without a gap') })
  expect([key0, key1]).toEqual([one, two])
  expect([token0, token1]).toMatchObject([{ address: one }, { address: two }])
  expect(price).toBeNull()
  expect(rest).toMatchObject({ rawPriceOfToken0InToken1: '0.5' })
  expect(rest).toEqual(
    Object.fromEntries(
      Object.entries(cells).map(([name, cell]) => [
        name,
        typeof cell === 'bigint' ? cell.toString() : cell,
      ]),
    ),
  )
})

function addressOf(number: number): Address {
  return `0x${number.toString(16).padStart(40, '0')}`
}
