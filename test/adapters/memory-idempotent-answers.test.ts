import { expect, test } from 'vitest'
import { createMemoryIdempotentAnswers } from '#adapters/memory/idempotent-answers.ts'
import type { Hash } from '#core/chain.ts'
import { hasReason } from '#core/errors.ts'
import { idempotentAnswersContract } from '../contracts/idempotent-answers.contract.ts'

const limits = { keepMs: 1_000, keysMax: 30, keysOfScopeMax: 20 }
const request: Hash = `0x${'11'.repeat(32)}`
const answer = { status: 200, type: 'application/json', body: '{}' }

idempotentAnswersContract('memory', () => createMemoryIdempotentAnswers(limits, () => 0))

test('keys are remembered for their time, and then make room', async () => {
  let now = 0
  const answers = createMemoryIdempotentAnswers(limits, () => now)
  await answers.claim('alice', 'first', request)
  await answers.keep('alice', 'first', answer)
  now = 999
  expect(await answers.claim('alice', 'first', request)).toEqual({ status: 'answered', answer })
  now = 1_000
  expect(await answers.claim('alice', 'first', request)).toEqual({ status: 'claimed' })
})

test('what is still being done is not forgotten, however long it takes', async () => {
  let now = 0
  const answers = createMemoryIdempotentAnswers(limits, () => now)
  await answers.claim('alice', 'slow', request)
  now = 1e9
  expect(await answers.claim('alice', 'slow', request)).toEqual({ status: 'under-way' })
})

test('new keys are refused rather than old ones forgotten, first to who has many', async () => {
  let now = 0
  const answers = createMemoryIdempotentAnswers(limits, () => now)
  const claimAll = async (scope: string, count: number) => {
    for (let number = 0; number < count; number++) {
      await answers.claim(scope, `key ${number}`, request)
      await answers.keep(scope, `key ${number}`, answer)
    }
  }
  const isBusy = async (scope: string) =>
    answers.claim(scope, 'one more', request).then(
      () => false,
      (error: unknown) => hasReason(error, 'busy'),
    )
  await claimAll('alice', 20)
  expect(await isBusy('alice')).toBe(true)
  await claimAll('bob', 10)
  expect(await isBusy('bob')).toBe(true)
  expect(await answers.claim('alice', 'key 0', request)).toEqual({ status: 'answered', answer })
  now = 1_000
  expect(await isBusy('carol')).toBe(false)
})
