/** The largest size that a node takes, as far as it has been learned. */
export type Ceiling = {
  /** What to ask for at most. */
  max(): number
  /** So much was answered. */
  fits(size: number): void
  /** So much was answered where more was refused: the ceiling comes down to it. */
  lower(size: number): void
}

/** Sizes that fit in a row before a larger one is tried. */
const GROW_AFTER_FIRST = 8
const GROW_AFTER_MAX = 4_096

/**
 * Nodes refuse sizes for good (a limit of the plan) and for now (many logs in this stretch, a busy hour), and do not
 * tell which. So the ceiling is tried again from time to time, after twice as many successes each time it held.
 *
 * @param top more than this is never asked for
 */
export function createCeiling(top: number): Ceiling {
  let max = top
  let growAfter = GROW_AFTER_FIRST
  let streak = 0
  return {
    max: () => max,
    fits(size) {
      if (size < max || max === top) return
      if (++streak < growAfter) return
      streak = 0
      max = Math.min(top, max * 2)
    },
    lower(size) {
      if (size >= max) return
      max = Math.max(1, size)
      streak = 0
      growAfter = Math.min(growAfter * 2, GROW_AFTER_MAX)
    },
  }
}
