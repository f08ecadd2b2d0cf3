import { describe, expect, test } from 'vitest'
import { AppError } from '#core/errors.ts'
import type { View } from '#core/history/head.ts'
import type { Audited, Auditor } from '#core/indexing/audit-blocks.ts'
import { type AuditEvent, auditSample } from '#core/indexing/audit-sample.ts'
import { createFakeClock } from '../../fakes/index-app.ts'
import { createRandom } from '../../fakes/random.ts'

const EVERY_MS = 300_000

/** Of a history only what a sample goes by is looked at. */
const viewOf = (from: number, to: number): View =>
  ({
    head: { number: to + 3, finalized: { number: to }, coverage: [{ from, to: to + 3 }] },
  }) as unknown as View

const clean: Omit<Audited, 'blocks'> = { rows: 2, level: 'receipts', mismatches: [] }
const wrong: Audited['mismatches'] = [{ of: 'block', block: 0, stored: null, chain: '0x' }]

/** Runs some turns over blocks, of which those that `isWrong` do not agree. */
async function run(
  turns: number,
  audit: (block: number) => Promise<Audited> | Audited,
  options: { readonly view?: () => View | undefined; readonly isIdle?: () => boolean } = {},
): Promise<{ events: AuditEvent[]; slept: number }> {
  const random = createRandom(11)
  const clock = createFakeClock()
  const auditor: Auditor = { audit: async (_, { from }) => audit(from) }
  const { view = () => viewOf(10, 19), isIdle = () => true } = options
  const ports = {
    auditor,
    clock,
    newId: () => 'one',
    random: () => random.int(1_000) / 1_000,
    views: {
      current: async () => view(),
      settledNow: () => undefined,
      canonical: async () => () => true,
      asOneAnswer: <T>(read: () => Promise<T>) => read(),
    },
  }
  const cancel = { aborted: false }
  const events: AuditEvent[] = []
  for await (const event of auditSample(ports, { everyMs: EVERY_MS, isIdle }, cancel)) {
    events.push(event)
    cancel.aborted = events.length === turns
  }
  return { events, slept: clock.slept }
}

describe('a sample of final blocks that is audited', () => {
  test('looks at one block a turn, at every final one in time, and at no other', async () => {
    const { events, slept } = await run(100, () => ({ ...clean, blocks: 1 }))
    expect(new Set(events.map(({ block }) => block))).toEqual(
      new Set(Array.from({ length: 10 }, (_, index) => 10 + index)),
    )
    expect(slept).toBeGreaterThanOrEqual(100 * EVERY_MS * 0.5)
    expect(slept).toBeLessThanOrEqual(100 * EVERY_MS * 1.5)
  })

  test('remembers what does not agree, looks at it again soon, and forgets it when it is mended', async () => {
    let isMended = false
    const asked: number[] = []
    const { events } = await run(120, (block) => {
      asked.push(block)
      isMended ||= asked.length === 80
      const mismatches = block === 13 && !isMended ? wrong : []
      return { ...clean, blocks: 1, mismatches }
    })
    const known = events.map((event) => (event.status === 'audited' ? event.wrong : []))
    const first = asked.indexOf(13)
    expect(first).toBeLessThan(60)
    for (const [turn, blocks] of known.entries())
      if (turn >= first && turn < 79) expect(blocks).toEqual([13])
    expect(asked.slice(first, 79).filter((block) => block === 13).length).toBeGreaterThanOrEqual(
      Math.floor((78 - first) / 2),
    )
    expect(known.at(-1)).toEqual([])
    expect(known.slice(82).every((blocks) => blocks.length === 0)).toBe(true)
  })

  test('waits while there is other work, and while nothing is indexed or final', async () => {
    let looks = 0
    const idle = await run(1, () => ({ ...clean, blocks: 1 }), { isIdle: () => ++looks > 50 })
    expect(idle.slept).toBeGreaterThanOrEqual(50_000)
    let views = 0
    const empty = await run(1, () => ({ ...clean, blocks: 1 }), {
      view: () => {
        views++
        if (views === 1) return undefined
        return views === 2 ? viewOf(10, 9) : viewOf(10, 10)
      },
    })
    expect(views).toBe(3)
    expect(empty.events).toMatchObject([{ block: 10 }])
  })

  test('goes on with another block where one cannot be proven now', async () => {
    let tries = 0
    const { events } = await run(3, () => {
      if (++tries === 1) throw new AppError('unavailable', 'no node answers')
      return { ...clean, blocks: 1 }
    })
    expect(events.map(({ status }) => status)).toEqual(['skipped', 'audited', 'audited'])
  })
})
