/** What `parts` parts through candidate number `candidate` are worth (see `scoreOf`); null where it cannot carry them. */
export type Worth = (candidate: number, parts: number) => bigint | null

/** Parts for the candidates of a set, in its order. `carried` below the wanted total: the set cannot carry more. */
export type Allocation = {
  readonly set: readonly number[]
  readonly parts: readonly number[]
  readonly carried: number
  readonly score: bigint
}

/**
 * Gives every candidate of the set one part, then each further part to the candidate that gains most by it. As pools pay
 * less for every further unit, no other way to share the parts is worth more, but for gas per tick and single units of
 * rounding; the first of equals gets the part.
 *
 * @returns null where one of them cannot even carry one part, or there are fewer parts than candidates
 */
export function allocate(set: readonly number[], total: number, worth: Worth): Allocation | null {
  if (set.length > total) return null
  const parts = set.map(() => 1)
  const scores: bigint[] = []
  const gains: (bigint | null)[] = []
  const gainAt = (at: number): bigint | null => {
    const more = worth(set[at]!, parts[at]! + 1)
    return more === null ? null : more - scores[at]!
  }
  for (const [at, candidate] of set.entries()) {
    const score = worth(candidate, 1)
    if (score === null) return null
    scores.push(score)
    gains.push(total > set.length ? gainAt(at) : null)
  }
  let carried = set.length
  for (; carried < total; carried++) {
    let best = -1
    for (const [at, gain] of gains.entries())
      if (gain !== null && (best < 0 || gain > gains[best]!)) best = at
    if (best < 0) break
    scores[best]! += gains[best]!
    parts[best]!++
    gains[best] = carried + 1 < total ? gainAt(best) : null
  }
  return { set, parts, carried, score: scores.reduce((sum, score) => sum + score, 0n) }
}

/**
 * The allocation with one candidate more: it gets a part, then further ones while each gains more there than the last
 * part that another gives up for it. Where every further part gains less, that is what `allocate` makes of the larger
 * set, for a few steps in the place of one a part.
 *
 * @returns null where it cannot carry a part, or no other has one to spare
 */
export function extend(
  { set, parts, carried, score }: Allocation,
  candidate: number,
  total: number,
  worth: Worth,
): Allocation | null {
  const first = worth(candidate, 1)
  if (first === null) return null
  const left = parts.slice()
  const losses = set.map((other, at) => lastPart(other, left[at]!, worth))
  let mine = 0
  let gain: bigint | null = first
  let all = carried
  let sum = score
  while (gain !== null) {
    if (all < total) all++
    else {
      const giver = leastAt(losses)
      const loss = losses[giver]
      if (loss === undefined || loss === null || (mine > 0 && gain <= loss)) break
      sum -= loss
      left[giver]!--
      losses[giver] = lastPart(set[giver]!, left[giver]!, worth)
    }
    sum += gain
    mine++
    const before = worth(candidate, mine)!
    const more = worth(candidate, mine + 1)
    gain = more === null ? null : more - before
  }
  if (mine === 0) return null
  const place = set.filter((other) => other < candidate).length
  return {
    set: set.toSpliced(place, 0, candidate),
    parts: left.toSpliced(place, 0, mine),
    carried: all,
    score: sum,
  }
}

/** What a candidate loses with its last part; null where it is its only one. */
const lastPart = (candidate: number, parts: number, worth: Worth): bigint | null =>
  parts > 1 ? worth(candidate, parts)! - worth(candidate, parts - 1)! : null

/** Where the least of them stands, the last of equals; -1: nowhere. */
function leastAt(losses: readonly (bigint | null)[]): number {
  let least = -1
  for (const [at, loss] of losses.entries())
    if (loss !== null && (least < 0 || loss <= losses[least]!)) least = at
  return least
}

/**
 * Moves single parts from one candidate to another, or the last part away, which drops the candidate and its gas, while
 * that gains: repairs what ticks' gas makes the sharing above miss.
 */
export function improve(start: Allocation, worth: Worth): Allocation {
  let best = start
  // Every round gains, and there are finitely many ways; the limit only bounds the time.
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const better = bestMove(best, worth)
    if (!better) break
    best = better
  }
  return best
}

const ROUNDS_MAX = 40

function bestMove(from: Allocation, worth: Worth): Allocation | null {
  let best: Allocation | null = null
  for (const [giver, candidate] of from.set.entries()) {
    const given = from.parts[giver]!
    const less = given === 1 ? 0n : worth(candidate, given - 1)
    if (less === null) continue
    const lost = worth(candidate, given)! - less
    for (const [taker, other] of from.set.entries()) {
      if (taker === giver) continue
      const taken = from.parts[taker]!
      const more = worth(other, taken + 1)
      if (more === null) continue
      const score = from.score - lost + more - worth(other, taken)!
      if (score <= (best ?? from).score) continue
      const parts = from.parts.slice()
      parts[giver]!--
      parts[taker]!++
      best = {
        set: from.set.filter((_, at) => parts[at]! > 0),
        parts: parts.filter((count) => count > 0),
        carried: from.carried,
        score,
      }
    }
  }
  return best
}
