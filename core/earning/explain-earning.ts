import { invalidField } from '#core/errors.ts'
import { currentView, whileStale } from '#core/history/at-head.ts'
import type { EventPorts } from '#core/history/list-events.ts'
import { requestOf } from '#core/ledger/apply-entries.ts'
import { type Hold, valueOf } from '#core/ledger/document.ts'
import type { OperationId } from '#core/ledger/operation.ts'
import { type ReadPorts, readUpToDate } from '#core/ledger/read-balance.ts'
import type { Accrual } from './accrual.ts'
import { type EarningName, parseEarning } from './names.ts'
import { createAccrualReader } from './read-accruals.ts'
import { type EarningRule, type Period, periodOf } from './rule.ts'

/** Why an account has an earning, counted again from the history. */
export type EarningExplanation = {
  readonly name: EarningName
  readonly period: Period
  readonly earning: Hold
  /** The rule that made it; null where the configuration has none of that name. */
  readonly rule: EarningRule | null
  /** What the rule gives for the same now; null where it gives nothing for it. */
  readonly counted: Accrual | null
  /**
   * `same`: it is what the chain and the rule say. `other`: they say something else now. `other-version`: the rule has
   * changed since. `no-rule`: it is not there any more.
   */
  readonly verdict: 'same' | 'other' | 'other-version' | 'no-rule'
}

/**
 * @param rules of the chain that the history is of
 * @throws AppError `invalid` for what names no earning of this ledger and chain; `unavailable` where nothing is indexed
 */
export async function explainEarning(
  ports: ReadPorts & { readonly history: EventPorts },
  {
    ledger,
    chainId,
    rules,
  }: { readonly ledger: string; readonly chainId: number; readonly rules: readonly EarningRule[] },
  id: OperationId,
): Promise<EarningExplanation> {
  const name = parseEarning(id)
  if (!name) throw invalidField('earning', 'it names no earning; take one as a statement shows it')
  if (name.chainId !== chainId)
    throw invalidField('earning', `it is of chain ${name.chainId}; name that chain with --chain`)
  await readUpToDate(ports, ledger)
  const [hold, key] = await ports.store.documents(ledger, [
    { kind: 'hold', id },
    { kind: 'key', id },
  ])
  if (!hold || !key)
    throw invalidField(
      'earning',
      'the ledger has none of that name; take one as a statement shows it',
    )
  const earning = valueOf('hold', hold)
  const rule = rules.find((each) => each.name === name.rule) ?? null
  if (!rule) {
    const period = { index: name.period, start: 0, end: 0 }
    return { name, period, earning, rule, counted: null, verdict: 'no-rule' }
  }
  const period = periodOf(rule, name.period)
  const accruals = await whileStale(ports.history.views, async () => {
    const view = await currentView(ports.history.views)
    return createAccrualReader(ports.history, view, rule)(period, 0)
  })
  const counted = accruals.find(({ subject }) => subject === name.subject) ?? null
  const operation = counted && {
    kind: 'earn' as const,
    asset: rule.asset,
    account: counted.account,
    amountRaw: counted.amountRaw,
    cause: counted.cause,
  }
  const isSame =
    operation !== null && requestOf(ports.sha256, operation) === valueOf('key', key).request
  const verdict = isSame ? 'same' : rule.version === name.version ? 'other' : 'other-version'
  return { name, period, earning, rule, counted, verdict }
}
