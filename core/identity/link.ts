import type { LinkOutcome } from './ports.ts'

/** What a store has of a wallet, or of a Discord account. `freeAtMs` null: it is `person`’s; else it was, and others get it from then on. */
export type WalletState = { readonly person: string; readonly freeAtMs: number | null }

/** What becomes of a wallet that somebody has proven: the outcome, and whether the store has to be changed. */
export type LinkStep = { readonly outcome: LinkOutcome; readonly isChange: boolean }

/**
 * @param person who wants it; undefined: whoever has it, else `newPerson`
 * @param before undefined where the store has nothing of it
 */
export function linkStep(
  before: WalletState | undefined,
  person: string | undefined,
  newPerson: string,
  nowMs: number,
): LinkStep {
  const change = (to: string): LinkStep => ({
    outcome: { status: 'linked', person: to },
    isChange: true,
  })
  if (!before) return change(person ?? newPerson)
  if (before.freeAtMs === null)
    return person === undefined || person === before.person
      ? { outcome: { status: 'linked', person: before.person }, isChange: false }
      : { outcome: { status: 'taken' }, isChange: false }
  // Whoever had it last may have it back at once.
  if (person === before.person || before.freeAtMs <= nowMs) return change(person ?? newPerson)
  return { outcome: { status: 'cooling-down', untilMs: before.freeAtMs }, isChange: false }
}
