import { once } from 'node:events'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createRpc, type Rpc } from '#adapters/rpc/rpc.ts'
import { createRpcTokenSource } from '#adapters/rpc/token-source.ts'
import type { Address, Hex } from '#core/chain.ts'
import type { TokenSource } from '#core/tokens/ports.ts'
import { addressOf, word } from '../fakes/encode.ts'

const SYMBOL = '0x95d89b41'
const NAME = '0x06fdde03'
const DECIMALS = '0x313ce567'
const CHAIN_ID = 31_337

/** What a fake contract does when it is called: bytes, or the error that a node makes of its end. */
type Outcome = Hex | { readonly code: number; readonly message: string }
type FakeToken = { readonly [selector: string]: Outcome }

const REVERT = { code: 3, message: 'execution reverted' }

const text = (value: string | Buffer): Hex => {
  const bytes = Buffer.from(value as string)
  const padded = Buffer.alloc(Math.ceil(bytes.length / 32) * 32)
  bytes.copy(padded)
  return `0x${word(32n)}${word(BigInt(bytes.length))}${padded.toString('hex')}`
}
const bytes32 = (value: string): Hex => `0x${Buffer.from(value).toString('hex').padEnd(64, '0')}`
const number = (value: bigint): Hex => `0x${word(value)}`

const tokenOf = (
  symbol: Outcome,
  name: Outcome = symbol,
  decimals: Outcome = number(18n),
): FakeToken => ({
  [SYMBOL]: symbol,
  [NAME]: name,
  [DECIMALS]: decimals,
})

describe('tokens’ own words from the chain', () => {
  const tokens = new Map<Address, FakeToken>()
  let requests: any[][]
  let isAway: boolean
  let server: Server
  let rpc: Rpc
  let source: TokenSource

  beforeEach(async () => {
    tokens.clear()
    requests = []
    isAway = false
    const answer = (body: string): string => {
      const parsed = JSON.parse(body)
      const calls = Array.isArray(parsed) ? parsed : [parsed]
      if (calls[0].method === 'eth_call') requests.push(calls)
      const answers = calls.map(({ id, method, params }) => {
        if (method === 'eth_chainId') return { jsonrpc: '2.0', id, result: '0x7a69' }
        if (method === 'eth_blockNumber') return { jsonrpc: '2.0', id, result: '0x10' }
        const outcome = tokens.get(params[0].to)?.[params[0].data] ?? '0x'
        return typeof outcome === 'string'
          ? { jsonrpc: '2.0', id, result: outcome }
          : { jsonrpc: '2.0', id, error: outcome }
      })
      return JSON.stringify(Array.isArray(parsed) ? answers : answers[0])
    }
    server = createServer((req, res) => {
      if (isAway) {
        res.destroy()
        return
      }
      let body = ''
      req.on('data', (part) => (body += String(part)))
      req.on('end', () => res.setHeader('content-type', 'application/json').end(answer(body)))
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    rpc = createRpc([`http://127.0.0.1:${port}`], {
      chainId: CHAIN_ID,
      rounds: 1,
      timeoutMs: 2_000,
    })
    source = createRpcTokenSource(rpc)
  })
  afterEach(async () => {
    await rpc.close()
    server.closeAllConnections()
    server.close()
    await once(server, 'close')
  })

  let count = 0
  const add = (token: FakeToken): Address => {
    const address = addressOf(0x70000 + count++)
    tokens.set(address, token)
    return address
  }
  const readOne = async (token: FakeToken) => {
    const read = await source.read([add(token)])
    expect(read.number).toBe(16)
    return read.looks[0]
  }

  test('reads symbol, name and decimals', async () => {
    const info = await readOne(tokenOf(text('USDC'), text('USD Coin'), number(6n)))
    expect(info).toMatchObject({ symbol: 'USDC', name: 'USD Coin', decimals: 6 })
  })

  test('reads the bytes32 of early tokens', async () => {
    const info = await readOne(tokenOf(bytes32('MKR'), bytes32('Maker')))
    expect(info).toMatchObject({ symbol: 'MKR', name: 'Maker', decimals: 18 })
  })

  test('reads text in any script', async () => {
    expect(await readOne(tokenOf(text('柴犬'), text('Ünï 🐕')))).toMatchObject({
      symbol: '柴犬',
      name: 'Ünï 🐕',
    })
  })

  test.each<[string, Outcome, string | null]>([
    ['NUL and control characters are taken out', text('A\0B\u0007\r\nC'), 'ABC'],
    ['white space around is taken off', text('  WETH \t'), 'WETH'],
    [
      'characters that turn the direction of writing are taken out',
      text('CD\u202ESU\u200B'),
      'CDSU',
    ],
    ['64 characters are kept', text('x'.repeat(64)), 'x'.repeat(64)],
    ['64 characters of four bytes are kept', text('🐕'.repeat(64)), '🐕'.repeat(64)],
    ['65 characters are none', text('x'.repeat(65)), null],
    ['megabytes are none', text('x'.repeat(1_000_000)), null],
    ['an empty text is none', text(''), null],
    ['only white space is none', text(' \n '), null],
    ['bytes that are no UTF-8 are none', text(Buffer.from([0xff, 0xfe, 0xc0])), null],
    ['a cut-off character is none', bytes32('').replace('00', 'e2') as Hex, null],
    ['no answer is none', '0x', null],
    ['an answer of a few bytes is none', '0x1234', null],
    [
      'an offset that points nowhere is none',
      `0x${word(2n ** 255n)}${word(1n)}${word(1n)}` as Hex,
      null,
    ],
    [
      'a length beyond the answer is none',
      `0x${word(32n)}${word(2n ** 64n)}${word(1n)}` as Hex,
      null,
    ],
    ['a revert is none', REVERT, null],
    ['the end of the gas is none', { code: -32_000, message: 'out of gas' }, null],
    [
      'a revert that poses as a limit of the node is none',
      { code: 3, message: 'execution reverted: query returned more than 10000 results' },
      null,
    ],
    [
      'a revert that poses as a rate limit is none',
      { code: 3, message: 'execution reverted: rate limit, too many requests' },
      null,
    ],
  ])('hostile text: %s', async (_name, outcome, expected) => {
    const info = await readOne(tokenOf(outcome, text('a name')))
    expect(info).toEqual({ symbol: expected, name: 'a name', decimals: 18, isProven: true })
  })

  test.each<[Outcome, number | null]>([
    [number(0n), 0],
    [number(36n), 36],
    [number(37n), null],
    [number(2n ** 256n - 1n), null],
    [number(254n), null],
    ['0x', null],
    ['0x12', null],
    [REVERT, null],
  ])('decimals %#', async (outcome, expected) => {
    expect((await readOne(tokenOf(text('T'), text('T'), outcome)))?.decimals).toBe(expected)
  })

  test('asks for many tokens in a few requests, each call at one block and with a bound on its gas', async () => {
    const addresses = Array.from({ length: 40 }, (_, n) => add(tokenOf(text(`T${n}`))))
    const { looks } = await source.read(addresses)
    expect(looks.map(({ symbol }) => symbol)).toEqual(addresses.map((_, n) => `T${n}`))
    expect(requests).toHaveLength(2)
    for (const call of requests.flat()) {
      expect(call.params[1]).toBe('0x10')
      expect(Number(call.params[0].gas)).toBeLessThanOrEqual(300_000)
    }
  })

  test('one that reverts does not cost the others theirs', async () => {
    const addresses = Array.from({ length: 30 }, (_, n) =>
      add(tokenOf(n % 7 === 0 ? REVERT : text(`T${n}`))),
    )
    const { looks } = await source.read(addresses)
    expect(looks.map(({ symbol }) => symbol)).toEqual(
      addresses.map((_, n) => (n % 7 === 0 ? null : `T${n}`)),
    )
    expect(looks.every(({ isProven }) => isProven)).toBe(true)
  })

  test.each([
    { code: -32_000, message: 'header not found' },
    { code: -32_603, message: 'internal error' },
    { code: -32_000, message: 'missing trie node' },
  ])('an error of the node is no refusal of the contract: $message', async (failure) => {
    const [bad, good] = [tokenOf(failure, text('a name')), tokenOf(text('T'))].map(add)
    const { looks } = await source.read([bad as Address, good as Address])
    expect(looks).toEqual([
      { symbol: null, name: 'a name', decimals: 18, isProven: false },
      { symbol: 'T', name: 'T', decimals: 18, isProven: true },
    ])
  })

  test('a node that fails every call gives no answer at all', async () => {
    const failure = { code: -32_603, message: 'internal error' }
    const address = add(tokenOf(failure, failure, failure))
    await expect(source.read([address])).rejects.toMatchObject({ kind: 'unavailable' })
  })

  test('a chain that is away is told as such', async () => {
    isAway = true
    await expect(source.read([add(tokenOf(text('T')))])).rejects.toMatchObject({
      kind: 'unavailable',
    })
  })
})
