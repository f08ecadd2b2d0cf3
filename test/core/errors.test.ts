import { expect, test } from 'vitest'
import { AppError, type ErrorReason, hasReason, invalidField } from '#core/errors.ts'

test('an error is for operators unless it says otherwise', () => {
  expect(new AppError('unavailable', 'store: /srv/halyard.db is locked').audience).toBe('operator')
  expect(new AppError('invalid', 'chain.rpc: http://10.0.0.7 is another chain').audience).toBe(
    'operator',
  )
})

test('a fault of a field is for whoever wrote the field, with the rule apart from its name', () => {
  const error = invalidField('amount', 'must be more than 0', { least: 1 })
  expect(error).toMatchObject({ kind: 'invalid', audience: 'client' })
  expect(error.message).toBe('amount: must be more than 0')
  expect(error.details).toEqual({ field: 'amount', rule: 'must be more than 0', least: 1 })
})

test('reasons are a closed set', () => {
  const error = new AppError('unavailable', 'as much as may be', { details: { reason: 'busy' } })
  expect(hasReason(error, 'busy')).toBe(true)
  expect(hasReason(error, 'empty')).toBe(false)
  // @ts-expect-error -- a reason that is not in the set does not compile
  const unknown: ErrorReason = 'just-so'
  expect(hasReason(error, unknown)).toBe(false)
  // @ts-expect-error -- nor does an error with one
  const strange = new AppError('unavailable', 'x', { details: { reason: 'just-so' } })
  expect(strange.details.reason).toBe('just-so')
})
