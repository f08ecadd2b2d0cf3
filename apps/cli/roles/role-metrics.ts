import type { RoleChange } from '#core/guild/ports.ts'
import type { Metrics } from '#wiring/telemetry.ts'

type OfChain = { readonly chain: string }

/** What keeping roles tells Prometheus. */
export function createRoleMetrics(metrics: Metrics) {
  const rounds = metrics.counter<OfChain & { readonly outcome: string }>({
    name: 'halyard_role_rounds_total',
    help: 'Rounds of keeping roles, by how they ended.',
    labels: ['chain', 'outcome'],
  })
  const changes = metrics.counter<OfChain & { readonly change: RoleChange['change'] }>({
    name: 'halyard_role_changes_total',
    help: 'Roles that were given or taken.',
    labels: ['chain', 'change'],
  })
  const unmanaged = metrics.gauge<OfChain>({
    name: 'halyard_role_faults',
    help: 'Roles that the bot could not manage when it last tried.',
    labels: ['chain'],
  })
  const lag = metrics.gauge<OfChain>({
    name: 'halyard_role_lag_blocks',
    help: 'Blocks of the history that roles were not looked at for.',
    labels: ['chain'],
  })
  return {
    contentType: metrics.contentType,
    render: () => metrics.render(),
    roundEnded: (chain: string, isDone: boolean): void =>
      rounds({ chain, outcome: isDone ? 'done' : 'failed' }, 1),
    changed(chain: string, made: readonly RoleChange[]): void {
      for (const { change } of made) changes({ chain, change }, 1)
    },
    faulty: (chain: string, count: number): void => unmanaged({ chain }, count),
    /** @param blocks undefined while it is not known */
    behind: (chain: string, blocks: number | undefined): void => lag({ chain }, blocks),
  }
}
