import type { RuleReport } from '#core/earning/earn-points.ts'
import type { KeptAudit } from '#core/ledger/keep-ledger.ts'
import type { Sweep } from '#core/ledger/sweep-lapsed.ts'
import type { Metrics } from '#wiring/telemetry.ts'

/** What the keeper of a ledger tells Prometheus. */
export function createKeeperMetrics(metrics: Metrics) {
  const runs = metrics.counter<{ readonly task: string; readonly outcome: string }>({
    name: 'halyard_points_runs_total',
    help: 'Runs of the tasks of the keeper, by how they ended.',
    labels: ['task', 'outcome'],
  })
  const seconds = metrics.gauge<{ readonly task: string }>({
    name: 'halyard_points_run_seconds',
    help: 'How long the newest run of a task took.',
    labels: ['task'],
  })
  const breaches = metrics.gauge<Record<string, never>>({
    name: 'halyard_points_breaches',
    help: 'Broken invariants that the newest audit of the ledger has found.',
    labels: [],
  })
  const sequence = metrics.gauge<Record<string, never>>({
    name: 'halyard_points_audited_sequence',
    help: 'The entry of the ledger up to which the newest audit has counted.',
    labels: [],
  })
  const frozen = metrics.counter<Record<string, never>>({
    name: 'halyard_points_frozen_total',
    help: 'Accounts that were frozen because an audit named them.',
    labels: [],
  })
  const swept = metrics.counter<{ readonly what: string }>({
    name: 'halyard_points_swept_total',
    help: 'Holds that lapsed, and accounts whose oldest points expired.',
    labels: ['what'],
  })
  type OfRule = { readonly chain: string; readonly rule: string }
  const earned = metrics.counter<OfRule & { readonly what: string }>({
    name: 'halyard_points_earnings_total',
    help: 'Earnings by what was done: earned, confirmed, retracted, refused.',
    labels: ['chain', 'rule', 'what'],
  })
  const astray = metrics.gauge<OfRule>({
    name: 'halyard_points_astray_earnings',
    help: 'Confirmed earnings that the chain does not bear out any more.',
    labels: ['chain', 'rule'],
  })
  return {
    contentType: metrics.contentType,
    render: () => metrics.render(),
    ended(task: string, ms: number, isDone: boolean): void {
      runs({ task, outcome: isDone ? 'done' : 'failed' }, 1)
      seconds({ task }, ms / 1_000)
    },
    audited({ audit, frozen: accounts }: KeptAudit): void {
      breaches({}, audit.breaches.length)
      sequence({}, audit.head.sequence)
      frozen({}, accounts.length)
    },
    swept({ lapsed, expired }: Sweep): void {
      swept({ what: 'lapsed' }, lapsed)
      swept({ what: 'expired' }, expired)
    },
    earned(chain: string, reports: readonly RuleReport[]): void {
      for (const report of reports) {
        const of = { chain, rule: report.rule }
        for (const what of ['earned', 'confirmed', 'retracted', 'refused'] as const)
          earned({ ...of, what }, report[what])
        astray(of, report.astray.length)
      }
    },
  }
}
