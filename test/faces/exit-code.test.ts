import { expect, test } from 'vitest'
import { manyChainsSchema, oneChainSchema } from '#adapters/config-file/schema.ts'
import { configuredSections, exitCodeOf, exitCodes } from '#faces/exit-code.ts'
import { AppError, type ErrorKind, invalidField } from '#core/errors.ts'

test('every section of the configuration file is known as one, and nothing else is', () => {
  const keys = [oneChainSchema, manyChainsSchema].flatMap(({ shape }) => Object.keys(shape))
  const sections = new Set(['config', ...keys.filter((key) => key !== '$schema')])
  expect([...configuredSections].toSorted()).toEqual([...sections].toSorted())
})

test.each<[string | undefined, ErrorKind, keyof typeof exitCodes]>([
  ['chain.rpc', 'invalid', 'configuration'],
  ['sources[3].address', 'invalid', 'configuration'],
  ['store', 'conflict', 'configuration'],
  ['storekeeper', 'invalid', 'usage'],
  ['ranges', 'conflict', 'usage'],
  [undefined, 'conflict', 'unavailable'],
  ['store', 'unavailable', 'unavailable'],
  [undefined, 'rate-limited', 'unavailable'],
  [undefined, 'forbidden', 'permission'],
  [undefined, 'unauthenticated', 'permission'],
])('a fault of %s that is %s ends a process as %s', (field, kind, name) => {
  const details = field === undefined ? {} : { field }
  expect(exitCodeOf(new AppError(kind, 'whatever it says', { details }))).toBe(exitCodes[name])
})

test('what a message says decides nothing', () => {
  expect(exitCodeOf(invalidField('amount', 'store: chain.rpc: config'))).toBe(exitCodes.usage)
  expect(exitCodeOf(new Error('chain.rpc: no such host'))).toBe(exitCodes.internal)
})
