import type { Operation } from '#core/ledger/operation.ts'
import type { Accrual } from './accrual.ts'
import { type EarningName, idOfKey, keyOfEarning } from './names.ts'
import type { EarningRule } from './rule.ts'

/** An earning as the ledger has it. */
export type KnownEarning = {
  readonly name: EarningName
  readonly state: 'open' | 'confirmed' | 'retracted'
  /** Stands for all that the earning says. */
  readonly request: string
}

/** Something for the ledger to do, with the key that it is done by. */
export type Step = { readonly key: string; readonly operation: Operation }

export type EarningPlan = {
  readonly retract: readonly Step[]
  readonly earn: readonly Step[]
  readonly confirm: readonly Step[]
  /** Confirmed earnings that the chain does not bear out any more: it has changed below what was final. */
  readonly astray: readonly EarningName[]
}

/**
 * What is to be done so that the ledger has of a rule and a period what the chain says, whatever it has now. Of all
 * attempts at one subject at most one is not retracted: a next one is made by who has seen the one before it retracted.
 *
 * @param isFinal whether what an accrual stands on is final
 * @param requestOf stands for all that an operation says
 */
export function planEarnings(
  rule: EarningRule,
  of: { readonly chainId: number; readonly period: number },
  accruals: readonly Accrual[],
  known: readonly KnownEarning[],
  isFinal: (accrual: Accrual) => boolean,
  requestOf: (operation: Operation) => string,
): EarningPlan {
  const [retract, earn, confirm]: [Step[], Step[], Step[]] = [[], [], []]
  const astray: EarningName[] = []
  const bySubject = Map.groupBy(known, ({ name }) => name.subject)
  const takeBack = ({ name }: KnownEarning): void => {
    const key = keyOfEarning(name)
    const memo = 'what it stood on is not on the chain any more, or the rule has changed'
    retract.push({
      key: `retract:${key}`,
      operation: { kind: 'retract', earning: idOfKey(key), memo },
    })
  }

  for (const accrual of accruals) {
    const { subject, account, amountRaw, cause } = accrual
    const attempts = bySubject.get(subject) ?? []
    bySubject.delete(subject)
    const operation: Operation = { kind: 'earn', asset: rule.asset, account, amountRaw, cause }
    const request = requestOf(operation)
    const confirmed = attempts.find(({ state }) => state === 'confirmed')
    if (confirmed) {
      // Another version may have given something else for it; that stays.
      const isSame = confirmed.request === request || confirmed.name.version !== rule.version
      if (!isSame) astray.push(confirmed.name)
      continue
    }
    const open = attempts.find(({ state }) => state === 'open')
    const isGood = open?.request === request && open.name.version === rule.version
    if (open && !isGood) takeBack(open)
    const last = Math.max(-1, ...attempts.map(({ name }) => name.attempt))
    const attempt = open && isGood ? open.name.attempt : last + 1
    const name = { rule: rule.name, ...of, subject, version: rule.version, attempt }
    const key = keyOfEarning(name)
    if (!isGood) earn.push({ key, operation })
    if (isFinal(accrual))
      confirm.push({
        key: `confirm:${key}`,
        operation: { kind: 'confirm', earning: idOfKey(key) },
      })
  }
  for (const attempts of bySubject.values())
    for (const attempt of attempts) {
      if (attempt.state === 'open') takeBack(attempt)
      if (attempt.state === 'confirmed' && attempt.name.version === rule.version)
        astray.push(attempt.name)
    }
  return { retract, earn, confirm, astray }
}
