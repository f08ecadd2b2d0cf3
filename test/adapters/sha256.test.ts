import { createHash } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { sha256 } from '#adapters/node/sha256.ts'

test('a text in two parts has the hash of the whole', () => {
  fc.assert(
    fc.property(
      fc.string({ unit: 'grapheme' }),
      fc.option(fc.string({ unit: 'grapheme' }), { nil: undefined }),
      (text, more) => {
        const whole = Buffer.from(text + (more ?? ''), 'utf8')
        expect(sha256(text, more)).toBe(`0x${createHash('sha256').update(whole).digest('hex')}`)
      },
    ),
  )
})
