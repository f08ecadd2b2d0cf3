import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { hexOf } from '#core/indexing/log-data.ts'
import type { RawLog } from '#core/indexing/ports.ts'
import { readLogAnswer, readReceiptsAnswer } from '#adapters/rpc/answer-bytes.ts'
import { toLog, toReceipt } from '#adapters/rpc/parse.ts'
import { heldBytes } from '../fakes/held-memory.ts'
import { plainLog as withText } from '../fakes/plain-logs.ts'

const read = (text: string): RawLog[] | undefined =>
  readLogAnswer(Buffer.from(text, 'utf8'))?.result.logs.map(withText)

/** The fields that are asked for. */
const needed = (log: RawLog): RawLog => ({
  address: log.address,
  topics: log.topics,
  data: hexOf(log.data),
  blockNumber: log.blockNumber,
  blockHash: log.blockHash,
  transactionHash: log.transactionHash,
  transactionIndex: log.transactionIndex,
  logIndex: log.logIndex,
})

/** What the same answer is as JSON, without the fields that nobody asks for. */
function readAsJson(text: string): RawLog[] {
  const { result } = JSON.parse(text) as { result: Record<string, unknown>[] }
  return result
    .filter(({ removed }) => removed !== true)
    .map(toLog)
    .map(needed)
}

const hex = (bytes: number) =>
  fc.stringMatching(new RegExp(`^[0-9a-fA-F]{${bytes * 2}}$`)).map((digits) => `0x${digits}`)
/** Few, so that they come again; and such as differ in one digit. */
const word = fc.constantFrom(
  ...['1', '2', 'a', 'A', 'aB'].flatMap((end) => [
    `0x${end.padStart(64, '0')}`,
    `0x${'f'.repeat(64 - end.length)}${end}`,
    `0x1${'0'.repeat(40)}${end.padStart(23, '0')}`,
  ]),
)
const address = word.map((text) => `0x${text.slice(26)}`)
const quantity = fc
  .maxSafeNat()
  .map((number) => `0x${number.toString(16)}`)
  .filter((text) => text.length < 16)

/** With runs of zeros at all places; some end within a byte. */
const digits = fc
  .array(fc.constantFrom('0', '00', '000', '00000000', 'f', 'A0', '0b', '7'), { maxLength: 40 })
  .map((parts) => `0x${parts.join('')}`)

const field = {
  address: fc.oneof(address, hex(20)),
  topics: fc.array(fc.oneof(word, hex(32)), { maxLength: 4 }),
  data: fc.oneof(hex(0), hex(32), hex(64), hex(3), digits),
  blockNumber: quantity,
  blockHash: word,
  transactionHash: fc.oneof(word, hex(32)),
  transactionIndex: quantity,
  logIndex: quantity,
}
/** Of whatever type, nested, with text that JSON escapes or that is not ASCII. */
const anyJson = fc.jsonValue({ maxDepth: 3, stringUnit: 'binary' })
const more = {
  removed: fc.boolean(),
  blockTimestamp: fc.oneof(quantity, fc.constant(null)),
  odd: fc.oneof(fc.integer(), fc.double({ noNaN: true, noDefaultInfinity: true }), fc.boolean()),
  other: anyJson,
}
const plainLog = fc.record(
  { ...field, ...more },
  { requiredKeys: Object.keys(field) as (keyof typeof field)[] },
)

/** One that no reorg took back. */
const sampleLog = (seed: number): object => ({
  ...fc.sample(plainLog, { numRuns: 1, seed })[0],
  removed: false,
})

/** Logs in a row that differ in a few fields, as those of one transaction do. */
const alikeLogs = fc
  .tuple(
    plainLog,
    fc.array(
      fc.record(
        { ...field, ...more, logIndex: fc.constantFrom('0x0', '0x1', '0x2') },
        { requiredKeys: ['logIndex'] },
      ),
      { maxLength: 6 },
    ),
    fc.subarray(Object.keys(field).slice(3)),
  )
  .map(([first, others, names]) =>
    others.map((other) => {
      const own = Object.entries(other).filter(
        ([name]) => name === 'logIndex' || names.includes(name),
      )
      return { ...first, ...Object.fromEntries(own) }
    }),
  )

/** Names in another order, and more room between them: the same JSON. */
const answers = (log: fc.Arbitrary<object>, all = fc.array(log, { maxLength: 6 })) =>
  fc
    .record({
      logs: all,
      space: fc.constantFrom('', ' ', '\n\t', '\r\n  '),
      order: fc.infiniteStream(fc.nat()),
      isIdLast: fc.boolean(),
    })
    .map(({ logs, space, order, isIdLast }) => {
      const turn = order.next().value as number
      const shuffled = logs.map((each, index) => {
        const entries = Object.entries(each)
        const by = index % 3 === 2 ? (order.next().value as number) : turn
        const at = entries.length === 0 ? 0 : by % entries.length
        return Object.fromEntries([...entries.slice(at), ...entries.slice(0, at)])
      })
      const list = JSON.stringify(shuffled, null, space === '' ? undefined : 2)
      const [first, last] = isIdLast
        ? ['"jsonrpc":"2.0"', ',"id":7']
        : ['"jsonrpc":"2.0","id":7', '']
      return `${space}{${space}${first}${space},${space}"result"${space}:${list}${space}${last}}${space}`
    })

describe('logs that are read from the bytes of an answer', () => {
  test('are those of its JSON, in whatever order and with whatever room it is written', () => {
    fc.assert(
      fc.property(answers(plainLog), (text) => {
        expect(read(text)).toEqual(readAsJson(text))
      }),
      { numRuns: 400 },
    )
  })

  test('are those of its JSON, where they say of their transaction what the one before says, or nearly', () => {
    fc.assert(
      fc.property(answers(plainLog, alikeLogs), (text) => {
        expect(read(text)).toEqual(readAsJson(text))
      }),
      { numRuns: 600 },
    )
    const log = sampleLog(6) as Record<string, unknown>
    const beside = (names: string[]) =>
      names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(log[name])}`).join()
    const all = ['blockNumber', 'blockHash', 'transactionHash', 'transactionIndex']
    const logOf = (between: string, end = '') =>
      `{${beside(['address', 'topics', 'data'])},${between},"logIndex":"0x1"${end}}`
    const lists = [
      // Fields that stand in front of what is repeated, behind it, twice, or in only one of them.
      [logOf(beside(all)), logOf(`${beside(all)},"removed":true`), logOf(beside(all))],
      [logOf(`${beside(all)},"removed":false`), logOf(`${beside(all)},"removed":false`)],
      [logOf(`${beside(all)},"blockNumber":"0x7"`), logOf(`${beside(all)},"blockNumber":"0x7"`)],
      [logOf(beside(all)), logOf(beside(all), ',"blockNumber":"0x9"'), logOf(beside(all))],
      [
        logOf(beside(all), `,${beside(all)},"logIndex":"0x5"`),
        logOf(beside(all), `,${beside(all)},"logIndex":"0x6"`),
      ],
      [logOf(`${beside(all)},"address":"0x${'1'.repeat(40)}"`), logOf(beside(all))],
      // One of another transaction between two, which tells something else in between.
      ...['blockHash', 'transactionHash', 'blockNumber', 'transactionIndex'].map((name) => {
        const value = name.endsWith('Hash') ? `0x${'5'.repeat(64)}` : '0x5'
        const other = beside(all).replace(`${log[name] as string}"`, `${value}"`)
        return [logOf(beside(all)), logOf(`${other},"removed":false`), logOf(beside(all))]
      }),
      ...[0, 1, 2, 3].map((without) => {
        const some = all.toSpliced(without, 1)
        const end = `,${beside(all.slice(without, without + 1))}`
        return [logOf(beside(all)), logOf(beside(some), end), logOf(beside(some), end)]
      }),
      ['0x1', '0x2', '0x1'].map((blockNumber) =>
        logOf(`"blockNumber":"${blockNumber}",${beside(all.slice(1))}`),
      ),
      ['1', '2', '1'].map((end) =>
        logOf(`${beside(all.slice(0, 3))},"transactionIndex":"0x${end}"`),
      ),
    ]
    // Of every length, so that each of its last characters is the last of those that are compared at once.
    for (let length = 1; length <= 8; length++) {
      const other = logOf(`${beside(all.slice(0, 3))},"transactionIndex":"0x${'1'.repeat(length)}"`)
      for (const name of ['logInde_', '_ogIndex'])
        expect(
          read(`{"id":1,"result":[${other},${other.replace('logIndex', name)}]}`),
        ).toBeUndefined()
    }
    for (const list of lists)
      for (const logs of [list, list.toReversed()]) {
        const text = `{"id":1,"result":[${logs.join()}]}`
        expect(read(text), text).toEqual(readAsJson(text))
      }
  })

  test('are left to JSON, or are the same, where fields are missing, of other types or escaped', () => {
    const odd = fc.oneof(
      fc.constantFrom(null, '', '0x', '0xzz', 'é', '\\u0030', 'a"b', {}, [], [[]], 1, -1, true),
      fc.constant(`0x${'f'.repeat(30)}`),
      fc.constant(`1${'0'.repeat(65)}`),
      fc.anything({ maxDepth: 1 }).filter((value) => value !== undefined),
    )
    const oddLog = fc
      .tuple(
        plainLog,
        fc.constantFrom(...Object.keys(field), 'removed', 'other'),
        odd,
        fc.boolean(),
      )
      .map(([log, name, value, isLeftOut]) => {
        const { [name as keyof typeof log]: _, ...rest } = log
        return isLeftOut ? rest : { ...rest, [name]: value }
      })
    fc.assert(
      fc.property(answers(fc.oneof(plainLog, oddLog)), (text) => {
        const logs = read(text)
        if (logs !== undefined) expect(logs).toEqual(readAsJson(text))
      }),
      { numRuns: 800 },
    )
  })

  test('are none where the answer ends too early, goes on behind its end, or is something else', () => {
    const log = sampleLog(1)
    const whole = JSON.stringify({ jsonrpc: '2.0', id: 1, result: [log, log] })
    expect(read(whole)).toEqual(readAsJson(whole))
    for (let length = 0; length < whole.length; length++)
      expect(read(whole.slice(0, length)), whole.slice(0, length)).toBeUndefined()
    for (const other of [
      `${whole}{`,
      `${whole}\u00a0`,
      `[${whole}]`,
      '{"id":1,"result":null}',
      '{"id":1,"result":"0x"}',
      '{"id":1,"error":{"code":-32005,"message":"too many"}}',
      '{"id":1,"result":[null]}',
      '{"id":1,"result":[{}]}',
      '{"id":1,"result":[,]}',
      '<html>',
      '',
    ])
      expect(read(other), other).toBeUndefined()
    expect(read('{"id":1,"result":[]}')).toEqual([])
    expect(read('{"id":1,"error":null,"result":[]}')).toEqual([])
  })

  test('are left to JSON, or are the same, where one character of an answer is another', () => {
    const characters = Array.from('{}[]:,"\\u0x1 -.eE\n\u0000é')
    fc.assert(
      fc.property(
        fc.oneof(answers(plainLog), answers(plainLog, alikeLogs)),
        fc.nat(),
        fc.constantFrom(...characters),
        (text, turn, by) => {
          const at = turn % text.length
          const other = text.slice(0, at) + by + text.slice(at + 1)
          const logs = read(other)
          if (logs !== undefined) expect(logs, other).toEqual(readAsJson(other))
        },
      ),
      { numRuns: 2_000 },
    )
  })

  test('are read beside whatever else a node tells of them, as far as that is JSON', () => {
    const log = JSON.stringify(sampleLog(5))
    const beside = (value: string) => {
      const text = `{"id":1,"result":[${log.slice(0, -1)},"more":${value}}]}`
      const logs = read(text)
      if (logs) expect(logs).toEqual(readAsJson(text))
      return logs?.length
    }
    const nested = (depth: number) => '['.repeat(depth) + ']'.repeat(depth)
    for (const value of [
      '{}',
      '[ ]',
      '{"a":{"b":[1,-2.5e3,null,true,"}]"]},"address":"0x"}',
      String.raw`["\\\"\/\b\f\n\r\t\u00e9\ud83d","é\\"]`,
      nested(16),
    ])
      expect(beside(value), value).toBe(1)
    for (const value of [
      '{',
      '{"a"}',
      '{"a":}',
      '{"a":1,}',
      '{a:1}',
      '[1,]',
      '[1 2]',
      '[}',
      '[01]',
      '"\n"',
      String.raw`"\x"`,
      String.raw`"\u12g4"`,
      String.raw`"\"`,
      nested(17),
      '['.repeat(1 << 20),
    ])
      expect(beside(value), value.slice(0, 40)).toBeUndefined()
  })

  test('are none where a name is another at any place than in the logs before it', () => {
    const log = sampleLog(1)
    for (const name of Object.keys(field))
      for (let at = 0; at < name.length; at++) {
        const other = JSON.stringify(log).replace(
          `"${name}"`,
          `"${name.slice(0, at)}_${name.slice(at + 1)}"`,
        )
        expect(read(`{"id":1,"result":[${JSON.stringify(log)},${other}]}`), other).toBeUndefined()
      }
  })

  test('leave nothing behind of names that are longer than any that are asked for', () => {
    const log = JSON.stringify(sampleLog(4))
    const megabyte = 'x'.repeat(1 << 20)
    const before = heldBytes()
    // One place earlier each time, so that none takes the place of the one before.
    for (let count = 20; count > 0; count--) {
      const others = Array.from({ length: count }, (_, index) => `"other${index}":1,`).join('')
      const long = `${log.slice(0, -1)},${others}"${megabyte}":1}`
      expect(read(`{"id":1,"result":[${long}]}`)).toHaveLength(1)
    }
    expect(heldBytes() - before).toBeLessThan(1 << 22)
  })

  test('keep the last of two values for one name, as JSON does', () => {
    const log = sampleLog(2)
    const text = JSON.stringify({ id: 1, result: [log] })
    const twice = text.replace('"data":', '"data":"0x1234","data":')
    expect(read(twice)).toEqual(readAsJson(twice))
  })

  test('have their data, however long they are', () => {
    const log = sampleLog(5)
    // What ends within a byte, and zeros behind it.
    const data = [1, 300_000, 0, 300_000.5, 60_000, 31, 262_144, 9.5, 600_000, 2].map((length) => {
      const [ones, all] = [Math.floor(length) >> 1, Math.floor(length)]
      const whole = `${'01'.repeat(ones)}${'00'.repeat(all - ones)}`
      return all === length ? `0x${whole}` : `0x${'f'.repeat(all * 2 + 1)}`
    })
    const text = JSON.stringify({ id: 1, result: data.map((each) => ({ ...log, data: each })) })
    expect(read(text)?.map((each) => each.data === data.shift())).toEqual(Array(10).fill(true))
  })

  test('are told with the id that the answer has', () => {
    for (const id of [7, '7', null])
      expect(readLogAnswer(Buffer.from(JSON.stringify({ result: [], id })))?.id).toBe(id)
  })
})

describe('receipts that are read from the bytes of an answer', () => {
  const receipt = fc.record(
    {
      transactionHash: word,
      transactionIndex: quantity,
      type: fc.option(fc.constantFrom('0x0', '0x2', '0x7b', '0x7e'), { nil: undefined }),
      status: fc.constantFrom('0x0', '0x1'),
      cumulativeGasUsed: quantity,
      logsBloom: hex(8),
      logs: fc.array(plainLog, { maxLength: 4 }),
      root: word,
      contractAddress: fc.constant(null),
      gasUsed: fc.oneof(quantity, fc.integer()),
      depositNonce: quantity,
      depositReceiptVersion: quantity,
      baseFee: fc.constantFrom('0x1', null),
      feeStats: anyJson,
    },
    {
      requiredKeys: [
        'transactionHash',
        'transactionIndex',
        'cumulativeGasUsed',
        'logsBloom',
        'logs',
      ],
    },
  )
  /** As `toReceipt` has it, or what it throws. */
  function outcome(given: () => readonly unknown[]): unknown {
    try {
      return given()
        .map(toReceipt)
        .map((each) => ({ ...each, logs: each.logs.map(needed) }))
    } catch (error) {
      return (error as Error).message
    }
  }
  const asJson = (text: string) => outcome(() => (JSON.parse(text) as { result: unknown[] }).result)
  const fromBytes = (text: string) => readReceiptsAnswer(Buffer.from(text, 'utf8'))?.result

  test('are those of its JSON, with the same refusals', () => {
    fc.assert(
      fc.property(answers(receipt), (text) => {
        const receipts = fromBytes(text)
        if (receipts) expect(outcome(() => receipts)).toEqual(asJson(text))
        else expect(text).toContain('"removed"')
      }),
      { numRuns: 300 },
    )
  })

  test('are left to JSON where a log was removed, a field that is asked for is an object, or the answer is no list', () => {
    const [plain] = fc.sample(receipt, { numRuns: 1, seed: 3 }) as [object]
    const log = sampleLog(3)
    const of = (...receipts: object[]) => fromBytes(JSON.stringify({ id: 1, result: receipts }))
    expect(of({ ...plain, logs: [{ ...log, removed: false }] })).toHaveLength(1)
    expect(of({ ...plain, logs: [{ ...log, removed: true }] })).toBeUndefined()
    expect(of({ ...plain, status: {} })).toBeUndefined()
    expect(of({ ...plain, logs: null })).toBeUndefined()
    expect(of()).toEqual([])
    for (const text of ['{"id":1,"result":null}', '{"id":1,"error":{"code":1}}'])
      expect(fromBytes(text)).toBeUndefined()
  })
})
