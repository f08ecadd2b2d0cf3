/** A value that is stored and is not what the chain has, as decimal text or an address. */
export type StateDifference = {
  /** What it is a value of: `pool 0x...`, `token 7 of 0x...`. */
  readonly of: string
  readonly field: string
  readonly stored: string
  readonly chain: string
}

/** What comparing stored states with the chain found. */
export type ComparedStates = {
  /** Things of which at least one value was compared. */
  readonly compared: number
  /** Contracts, or tokens of them, that do not answer as what they are stored as. */
  readonly unanswered: readonly string[]
  readonly differences: readonly StateDifference[]
}

/** How the work of a comparison stands. */
export type CompareStep = { readonly done: number; readonly total: number }

/** Which of all things are compared. */
export type CompareChoice = {
  /** So many, chosen at random; undefined: all. */
  readonly sample: number | undefined
  /** From 0 up to 1, which is left out. */
  readonly random: () => number
}
