import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { Hash } from '#core/chain.ts'
import type { LogFilter, RawLog } from '#core/indexing/ports.ts'
import {
  filterOf,
  isInScope,
  type LogScope,
  missingIn,
  parseScope,
  scopeOf,
  scopeText,
} from '#core/indexing/raw/log-scope.ts'

const topicOf = (number: number): Hash => `0x${String(number).repeat(64)}`
const contractOf = (number: number): Hash => `0x${String(number).repeat(40)}`
const ALL = [1, 2, 3, 4].flatMap((topic) =>
  [1, 2, 3, 4, 5].map((contract): RawLog => ({
    address: contractOf(contract),
    topics: [topicOf(topic)],
    data: '0x',
    blockNumber: 0,
    blockHash: topicOf(0),
    transactionHash: topicOf(0),
    transactionIndex: 0,
    logIndex: 0,
  })),
)

const filters = fc.array(
  fc.record(
    {
      topics: fc.array(fc.integer({ min: 1, max: 4 }).map(topicOf), { maxLength: 3 }),
      addresses: fc.array(fc.integer({ min: 1, max: 5 }).map(contractOf), { maxLength: 4 }),
    },
    { requiredKeys: ['topics'] },
  ),
  { maxLength: 3 },
)

const isAskedBy = ({ addresses, topics }: LogFilter, log: RawLog): boolean =>
  topics.includes(log.topics[0] as Hash) && (!addresses || addresses.includes(log.address))
const logsOf = (scope: LogScope) => ALL.filter((log) => isInScope(scope, log))

describe('a scope of logs', () => {
  test('has the logs that any of its filters asks for', () => {
    fc.assert(
      fc.property(filters, (some) => {
        expect(logsOf(scopeOf(some))).toEqual(
          ALL.filter((log) => some.some((filter) => isAskedBy(filter, log))),
        )
      }),
    )
  })

  test('the filter that a node is asked with leaves none of them out', () => {
    fc.assert(
      fc.property(filters, (some) => {
        const scope = scopeOf(some)
        const asked = ALL.filter((log) => isAskedBy(filterOf(scope), log))
        expect(asked).toEqual(expect.arrayContaining(logsOf(scope)))
      }),
    )
  })

  test('what is missing is what is wanted and none of those held has', () => {
    fc.assert(
      fc.property(filters, fc.array(filters, { maxLength: 3 }), (wanted, held) => {
        const scopes = held.map(scopeOf)
        const isHeld = (log: RawLog): boolean => scopes.some((scope) => isInScope(scope, log))
        const missing = logsOf(missingIn(scopeOf(wanted), scopes))
        const needed = logsOf(scopeOf(wanted)).filter((log) => !isHeld(log))
        expect(missing).toEqual(expect.arrayContaining(needed))
        // Of a topic that is asked of every contract, all are asked for as soon as one may be missing.
        expect(logsOf(scopeOf(wanted))).toEqual(expect.arrayContaining(missing))
        expect(missingIn(scopeOf(wanted), [...scopes, scopeOf(wanted)]).size).toBe(0)
      }),
    )
  })

  test('as text it is the same in whatever order it was made, and comes back', () => {
    fc.assert(
      fc.property(filters, (some) => {
        const scope = scopeOf(some)
        expect(scopeText(scopeOf(some.toReversed()))).toBe(scopeText(scope))
        expect(scopeText(parseScope(scopeText(scope)))).toBe(scopeText(scope))
        expect(logsOf(parseScope(scopeText(scope)))).toEqual(logsOf(scope))
      }),
    )
  })

  test('past a number of contracts a node is asked for the logs of all', () => {
    const many = Array.from(
      { length: 501 },
      (_, index): Hash => `0x${index.toString(16).padStart(40, '0')}`,
    )
    const scope = scopeOf([{ addresses: many, topics: [topicOf(1)] }])
    expect(filterOf(scope)).toEqual({ topics: [topicOf(1)] })
    expect(isInScope(scope, { ...(ALL[0] as RawLog), address: contractOf(9) })).toBe(false)
  })
})
