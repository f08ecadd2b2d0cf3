import { BSON } from 'mongodb'
import { expect, test } from 'vitest'
import { WRITE_BYTES_MAX, writesOf } from '#adapters/mongo/batches.ts'

/** A document that takes just so many bytes when it is encoded. */
function ofBytes(size: number) {
  const rest = size - BSON.calculateObjectSize({ text: '' })
  return { text: 'x'.repeat(rest) }
}

const cut = (documents: Iterable<{ readonly text: string }>): readonly { text: string }[][] =>
  [...writesOf(documents, (document) => document)].map((batch) => [...batch])

test('documents go out together as long as their encoded bytes are within the limit', () => {
  const half = ofBytes(WRITE_BYTES_MAX / 2)
  expect(BSON.calculateObjectSize(half)).toBe(WRITE_BYTES_MAX / 2)
  expect(cut([half, half]).map(({ length }) => length)).toEqual([2])
})

test('one byte more begins another batch, and none is lost or moved', () => {
  const half = ofBytes(WRITE_BYTES_MAX / 2)
  const more = ofBytes(WRITE_BYTES_MAX / 2 + 1)
  expect(cut([half, more])).toEqual([[half], [more]])
  expect(cut([half, half, ofBytes(30), half])).toEqual([
    [half, half],
    [ofBytes(30), half],
  ])
})

test('a document that is larger than a batch goes alone', () => {
  const large = ofBytes(WRITE_BYTES_MAX + 1)
  const small = ofBytes(30)
  expect(cut([small, large, small])).toEqual([[small], [large], [small]])
})

test('small documents are cut by their number', () => {
  const documents = Array.from({ length: 4_001 }, (_, index) => ({ text: `${index}` }))
  const batches = cut(documents)
  expect(batches.map(({ length }) => length)).toEqual([2_000, 2_000, 1])
  expect(batches.flat()).toEqual(documents)
})

test('documents are asked for as they are needed, so that a commit is never encoded as a whole', () => {
  let asked = 0
  function* large() {
    for (; asked < 10; asked++) yield ofBytes(WRITE_BYTES_MAX / 2)
  }
  const batches = writesOf(large(), (document) => document)
  expect(batches.next().value).toHaveLength(2)
  // The one that did not fit any more is at hand.
  expect(asked).toBe(2)
})

test('nothing to write is no batch', () => {
  expect(cut([])).toEqual([])
})
