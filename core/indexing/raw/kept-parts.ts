import type { BlockRange } from '#core/chain.ts'
import { isWeaker } from '#core/history/proof.ts'
import type { Demand } from '#core/indexing/proof-policy.ts'
import { type LogScope, missingIn, parseScope, scopeText, sharedBy } from './log-scope.ts'
import type { SegmentHead } from './segment.ts'

/** Blocks of a range that the same segments have. */
export type KeptPart = {
  readonly range: BlockRange
  /** The segments to read, and what each is to give. */
  readonly picks: readonly { readonly head: SegmentHead; readonly scope: LogScope }[]
  /** What none of them gives; undefined where that is nothing. */
  readonly missing: LogScope | undefined
}

export type Gap = { readonly range: BlockRange; readonly scope: LogScope }

/**
 * Which segments give what of a range, cut where segments begin and end. Of two that have the same logs, the one that
 * was asked to prove more gives them; one that was asked for less than is demanded gives nothing.
 */
export function partsOf(
  range: BlockRange,
  scope: LogScope,
  heads: readonly SegmentHead[],
  demand: Demand,
): KeptPart[] {
  const held = heads
    .map((head) => ({ head, scope: parseScope(head.scope) }))
    .toSorted(
      (a, b) =>
        Number(isWeaker(a.head.levelAsked, b.head.levelAsked)) -
        Number(isWeaker(b.head.levelAsked, a.head.levelAsked)),
    )
  const cuts = new Set([range.from])
  for (const { from, to } of heads) {
    if (from > range.from) cuts.add(from)
    if (to < range.to) cuts.add(to + 1)
  }
  const starts = [...cuts].toSorted((a, b) => a - b)
  return starts.map((from, index) => {
    const to = (starts[index + 1] ?? range.to + 1) - 1
    const least = demand(from)
    const here = held.filter(
      ({ head }) => head.from <= from && to <= head.to && !isWeaker(head.levelAsked, least),
    )
    return { range: { from, to }, ...pickFrom(here, scope) }
  })
}

/** @param held the best first */
function pickFrom(
  held: readonly { readonly head: SegmentHead; readonly scope: LogScope }[],
  wanted: LogScope,
): Pick<KeptPart, 'picks' | 'missing'> {
  const [best] = held
  if (!best) return { picks: [], missing: wanted }
  // Where no log is wanted at all, any of them has the headers.
  if (wanted.size === 0) return { picks: [{ head: best.head, scope: wanted }], missing: undefined }
  const picks: KeptPart['picks'][number][] = []
  let missing = wanted
  for (const { head, scope } of held) {
    const shared = sharedBy(missing, scope)
    if (shared.size === 0) continue
    picks.push({ head, scope: shared })
    missing = missingIn(missing, [scope])
    if (missing.size === 0) break
  }
  return { picks, missing: missing.size > 0 ? missing : undefined }
}

/** What is missing in these parts, neighbours that miss the same as one. */
export function gapsIn(parts: readonly KeptPart[]): Gap[] {
  const gaps: (Gap & { readonly text: string })[] = []
  for (const { range, missing } of parts) {
    if (!missing) continue
    const text = scopeText(missing)
    const before = gaps.at(-1)
    if (before && before.range.to === range.from - 1 && before.text === text)
      gaps[gaps.length - 1] = { ...before, range: { from: before.range.from, to: range.to } }
    else gaps.push({ range, scope: missing, text })
  }
  return gaps
}
