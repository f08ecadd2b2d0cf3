import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  countLevels,
  isWeaker,
  overlayProof,
  PROOF_LEVELS,
  PROOF_RANGES_MAX,
  type ProofLevel,
  proofOf,
  proofTo,
  type ProvenRange,
  unrecordedProof,
  weakerOf,
  weakestOf,
} from '#core/history/proof.ts'

const level = fc.constantFrom(...PROOF_LEVELS)
/** Stretches of blocks with gaps between some of them, in order. */
const stretches = fc
  .array(
    fc.record({
      gap: fc.integer({ min: 0, max: 2 }),
      blocks: fc.integer({ min: 1, max: 40 }),
      level,
    }),
    {
      maxLength: 60,
    },
  )
  .map((parts) => {
    let next = 0
    return parts.map(({ gap, blocks, level: of }): ProvenRange => {
      const from = next + gap
      next = from + blocks
      return { from, to: next - 1, level: of }
    })
  })

function levelsIn(ranges: readonly ProvenRange[]): Map<number, ProofLevel> {
  const levels = new Map<number, ProofLevel>()
  for (const { from, to, level: of } of ranges)
    for (let number = from; number <= to; number++) levels.set(number, of)
  return levels
}

const piecesOf = (numbers: readonly number[]): number =>
  numbers.filter((number, index) => numbers[index - 1] !== number - 1).length

describe('how blocks were proven', () => {
  test('is told of each block, later ranges in the place of what was known, and never better than it is', () => {
    fc.assert(
      fc.property(stretches, stretches, (known, more) => {
        const truth = new Map([...levelsIn(known), ...levelsIn(more)])
        const told = overlayProof(known, more)
        const levels = levelsIn(told)
        const numbers = [...truth.keys()].toSorted((a, b) => a - b)
        expect([...levels.keys()]).toEqual(numbers)
        for (const [number, of] of levels)
          expect(isWeaker(truth.get(number) as ProofLevel, of)).toBe(false)
        expect(told.length).toBeLessThanOrEqual(Math.max(PROOF_RANGES_MAX, piecesOf(numbers)))
        const exact = proofOf(
          numbers.map((number) => ({ number, level: truth.get(number) as ProofLevel })),
        )
        if (exact.length <= PROOF_RANGES_MAX) expect(told).toEqual(exact)
        const all = [...truth.values()].map((each) => ({ level: each }))
        expect(weakestOf(told)).toBe(weakestOf(all))
      }),
    )
  })

  test('takes no more room however often it changes, and long ranges stay what they are', () => {
    let proof: ProvenRange[] = [{ from: 0, to: 99_999, level: 'receipts' }]
    for (let number = 100_000; number < 110_000; number++)
      proof = overlayProof(proof, [
        { from: number, to: number, level: number % 2 === 0 ? 'bloom' : 'receipts' },
      ])
    expect(proof.length).toBeLessThanOrEqual(PROOF_RANGES_MAX)
    expect(proof[0]).toEqual({ from: 0, to: 99_999, level: 'receipts' })
    expect(countLevels(proof).receipts + countLevels(proof).bloom).toBe(110_000)
    expect(countLevels(proof).receipts).toBeLessThan(100_100)
  })

  test('of so many levels at once is bounded too', () => {
    const blocks = Array.from({ length: 4_000 }, (_, number) => ({
      number,
      level: PROOF_LEVELS[(number * 7) % 4] as ProofLevel,
    }))
    const proof = overlayProof([], proofOf(blocks))
    expect(proof.length).toBeLessThanOrEqual(PROOF_RANGES_MAX)
    expect(countLevels(proof)).toMatchObject({ unverified: 4_000 })
  })

  test('ends where a history is cut', () => {
    fc.assert(
      fc.property(stretches, fc.integer({ min: -1, max: 2_500 }), (proof, at) => {
        const levels = [...levelsIn(proof)].filter(([number]) => number <= at)
        expect([...levelsIn(proofTo(proof, at))]).toEqual(levels)
      }),
    )
  })

  test('is unverified where nothing says it', () => {
    expect(unrecordedProof([{ from: 3, to: 5 }])).toEqual([{ from: 3, to: 5, level: 'unverified' }])
    expect(weakestOf([])).toBeUndefined()
    expect(PROOF_LEVELS.reduce(weakerOf)).toBe('unverified')
  })
})
