import { AppError } from '#core/errors.ts'
import type { Sha256 } from '#core/history/digest.ts'
import { currentView, refuseLeftView, whileStale } from '#core/history/at-head.ts'
import { type View, waypointsOf } from '#core/history/head.ts'
import type { EventPorts } from '#core/history/list-events.ts'
import { requestOf } from '#core/ledger/apply-entries.ts'
import type { LedgerClerk } from '#core/ledger/clerk.ts'
import type { Operation } from '#core/ledger/operation.ts'
import { type ReadPorts, readAsset } from '#core/ledger/read-balance.ts'
import type { Accrual } from './accrual.ts'
import { type Closing, newestClosed } from './closed-periods.ts'
import { listEarnings } from './known-earnings.ts'
import { EARNING_SCOPE, keyOfClosing, keyOfEarning, periodPrefix } from './names.ts'
import { planEarnings, type Step } from './plan-earnings.ts'
import { createAccrualReader, isOfWholePeriods } from './read-accruals.ts'
import { type EarningRule, firstPeriod, type Period, periodOf } from './rule.ts'

export type EarningPorts = ReadPorts & {
  readonly clerk: LedgerClerk
  /** Of the chain that the rules are about. */
  readonly history: EventPorts
  readonly sha256: Sha256
}

export type EarnInput = {
  readonly ledger: string
  readonly chainId: number
  readonly rules: readonly EarningRule[]
  /** Who does it, for the record. */
  readonly actor: string
}

/** What became of one rule. */
export type RuleReport = {
  readonly rule: string
  readonly version: number
  /** Operations that were recorded now. */
  readonly earned: number
  readonly confirmed: number
  readonly retracted: number
  /** Refused by the ledger, as by a limit of the asset; that stays. */
  readonly refused: number
  readonly closedPeriods: number
  /** Confirmed earnings that the chain does not bear out any more, by id. */
  readonly astray: readonly string[]
}

/** Steps that are submitted at once: they share entries of the ledger. */
const STEPS_AT_ONCE = 500
/** Periods that are dealt with in one go, so that a rule which begins in the past is not done in one breath. */
const PERIODS_MAX = 500

/**
 * Brings the earnings of all rules to what the committed history says at its head. Each rule and period is compared with
 * what the ledger has of it: what is missing is earned, what is not on the chain any more is retracted, and what is final
 * is confirmed. So it does not matter how often this runs, where it stopped, nor how many run it at once, and a reorganisation is nothing
 * but another answer of the history.
 *
 * @throws AppError `unavailable` where nothing is indexed, the history has gaps, or a store cannot be used; `not-found` where
 *   the ledger has no such asset
 */
export async function earnPoints(ports: EarningPorts, input: EarnInput): Promise<RuleReport[]> {
  for (const asset of new Set(input.rules.map((rule) => rule.asset)))
    if (!(await readAsset(ports, input.ledger, asset))) throw noAsset(asset)
  return whileStale(ports.history.views, async () => {
    const view = await currentView(ports.history.views)
    if (view.head.coverage.length !== 1) throw withGaps()
    const reports: RuleReport[] = []
    for (const rule of input.rules) reports.push(await earnByRule(ports, input, rule, view))
    return reports
  })
}

const noAsset = (asset: string): AppError =>
  new AppError(
    'not-found',
    `points.rules: the ledger has no asset ${asset}; run halyard points asset --asset ${asset}`,
    {
      details: { field: 'points.rules', reason: 'unknown-asset' },
    },
  )

const withGaps = (): AppError =>
  new AppError(
    'unavailable',
    'store: blocks are missing between those that are indexed, and what was earned in them would be missed; run halyard backfill',
    { details: { field: 'store', reason: 'index-incomplete' } },
  )

/** The time of the newest final block, as far as the history tells, in seconds since 1970; -1 where none is. */
const finalTime = (view: View): number =>
  Math.max(
    -1,
    ...waypointsOf(view)
      .filter(({ number }) => number >= 0 && number <= view.head.finalized.number)
      .map(({ timestamp }) => timestamp),
  )

async function earnByRule(
  ports: EarningPorts,
  { ledger, chainId, actor }: EarnInput,
  rule: EarningRule,
  view: View,
): Promise<RuleReport> {
  const counts = { earned: 0, confirmed: 0, retracted: 0, refused: 0, closedPeriods: 0 }
  const astray: string[] = []
  const time = finalTime(view)
  const first = firstPeriod(rule)
  const newest = Math.floor(view.head.timestamp / rule.periodSeconds)
  const closed = await newestClosed(ports, ledger, rule, chainId, { first, last: newest })
  let fromBlock = closed?.closing.nextFrom ?? 0
  const start = closed ? closed.period + 1 : first

  /** Whether others have changed the same earnings since they were read. */
  let isContended = false

  async function submit(steps: readonly Step[]): Promise<number> {
    let recorded = 0
    for (let from = 0; from < steps.length; from += STEPS_AT_ONCE) {
      const receipts = await Promise.all(
        steps
          .slice(from, from + STEPS_AT_ONCE)
          .map(({ key, operation }) =>
            ports.clerk.submit({ scope: EARNING_SCOPE, key, actor, operation }),
          ),
      )
      for (const receipt of receipts) {
        if (receipt.status === 'key-reused') {
          isContended = true
          continue
        }
        const { outcome, isReplay } = receipt
        if (outcome.status === 'refused') {
          if (outcome.code === 'hold-resolved') isContended = true
          else if (!isReplay) counts.refused++
        } else if (isReplay) isContended = true
        else recorded++
      }
    }
    return recorded
  }

  const readAccruals = createAccrualReader(ports.history, view, rule)
  for (let index = start; index <= newest && index < start + PERIODS_MAX; index++) {
    const period = periodOf(rule, index)
    const isOver = time >= period.end
    // What is counted over a whole period is earned when it is over for good.
    if (isOfWholePeriods(rule) && !isOver) break
    const accruals = await readAccruals(period, fromBlock)
    await refuseLeftView(ports.history.views, view)
    const known = await listEarnings(ports, ledger, periodPrefix(rule.name, chainId, index))
    const plan = planEarnings(
      rule,
      { chainId, period: index },
      accruals,
      known,
      ({ block }) => (block ? block.number <= view.head.finalized.number : isOver),
      (operation: Operation) => requestOf(ports.sha256, operation),
    )
    counts.retracted += await submit(plan.retract)
    counts.earned += await submit(plan.earn)
    counts.confirmed += await submit(plan.confirm)
    astray.push(...plan.astray.map((name) => `${EARNING_SCOPE}/${keyOfEarning(name)}`))
    fromBlock = lastBlockOf(accruals, fromBlock)
    if (!isOver) continue
    // Closed is what the ledger is known to have all of; the next time tells.
    if (isContended) break
    const closing = closingOf(view, fromBlock, accruals.length)
    counts.closedPeriods += await submit([closeStep(rule, chainId, period, closing)])
  }
  return { rule: rule.name, version: rule.version, ...counts, astray }
}

/** Events of later periods are in this block at the lowest. */
const lastBlockOf = (accruals: readonly Accrual[], fromBlock: number): number =>
  Math.max(fromBlock, ...accruals.map(({ block }) => block?.number ?? 0))

const closingOf = ({ head }: View, nextFrom: number, earnings: number): Closing => ({
  block: head.finalized.number,
  hash: head.finalized.hash,
  nextFrom,
  earnings,
})

const closeStep = (
  rule: EarningRule,
  chainId: number,
  { index }: Period,
  closing: Closing,
): Step => ({
  key: keyOfClosing(rule, chainId, index),
  operation: { kind: 'note', topic: rule.name, text: JSON.stringify(closing) },
})
