import type { IntentState } from '#core/relay/intent.ts'
import { type SpendCounts, waitingStates } from '#core/relay/count-spends.ts'
import { differenceCauses } from '#core/relay/difference.ts'
import type { Reconciliation } from '#core/relay/reconcile.ts'
import type { SenderStatus } from '#core/relay/sender-status.ts'
import type { Metrics } from '#wiring/telemetry.ts'

type OfChain = { readonly chain: string }
type OfSender = OfChain & { readonly sender: string }

/** What the relay of a chain tells Prometheus. What cannot be known now is left out until it is known again. */
export function createRelayMetrics(metrics: Metrics, chain: string) {
  const of = { chain }
  const rounds = metrics.counter<OfChain & { readonly outcome: string }>({
    name: 'halyard_relay_rounds_total',
    help: 'Rounds in which the relay looked after all spends, by how they ended.',
    labels: ['chain', 'outcome'],
  })
  const spends = metrics.gauge<OfChain & { readonly state: IntentState }>({
    name: 'halyard_relay_spends',
    help: 'Spends that have not ended, by state; those that are quarantined wait for a person.',
    labels: ['chain', 'state'],
  })
  const oldest = metrics.gauge<OfChain>({
    name: 'halyard_relay_oldest_spend_seconds',
    help: 'How long ago the oldest spend was asked for that has not ended and is not quarantined.',
    labels: ['chain'],
  })
  const comparisons = metrics.counter<OfChain & { readonly outcome: string }>({
    name: 'halyard_relay_comparisons_total',
    help: 'Comparisons of the ledger with the chain, by how they ended.',
    labels: ['chain', 'outcome'],
  })
  const differences = metrics.gauge<OfChain & { readonly cause: string }>({
    name: 'halyard_relay_differences',
    help: 'How the newest comparison of the ledger with the chain found them to differ.',
    labels: ['chain', 'cause'],
  })
  const ofSender = (name: string, help: string) =>
    metrics.gauge<OfSender>({ name, help, labels: ['chain', 'sender'] })
  const balance = ofSender(
    'halyard_relay_sender_balance_wei',
    'What a sender has to pay for transactions.',
  )
  const funded = ofSender(
    'halyard_relay_sender_funded',
    '1 where a sender has at least relay.minBalanceWei, 0 where it takes on nothing new.',
  )
  const ahead = ofSender(
    'halyard_relay_sender_ahead',
    'Nonces of a sender that are claimed and in no block.',
  )
  const waiting = ofSender(
    'halyard_relay_sender_waiting_seconds',
    'Since when the transaction that all others of a sender wait for is signed and in no block.',
  )
  const elsewhere = ofSender(
    'halyard_relay_sender_used_elsewhere',
    '1 where the nodes know of transactions of a sender that the relay did not send.',
  )
  return {
    contentType: metrics.contentType,
    render: () => metrics.render(),
    roundEnded(isDone: boolean): void {
      rounds({ ...of, outcome: isDone ? 'done' : 'failed' }, 1)
    },
    /** @param counts undefined where the records cannot be read */
    counted(counts: SpendCounts | undefined, nowMs: number): void {
      for (const state of waitingStates)
        spends({ ...of, state }, counts && (counts.byState[state] ?? 0))
      const { oldestMs = null } = counts ?? {}
      oldest(of, counts && (oldestMs === null ? 0 : secondsSince(oldestMs, nowMs)))
    },
    /** @param found undefined where no comparison could be made; what the one before found stays */
    compared(found: Reconciliation | undefined): void {
      comparisons({ ...of, outcome: found ? 'done' : 'failed' }, 1)
      if (!found) return
      const byCause = Map.groupBy(found.differences, ({ cause }) => cause)
      for (const cause of differenceCauses)
        differences({ ...of, cause }, byCause.get(cause)?.length ?? 0)
    },
    /** @param statuses undefined where the nodes cannot be asked */
    sendersSeen(
      senders: readonly string[],
      statuses: readonly SenderStatus[] | undefined,
      nowMs: number,
    ): void {
      for (const sender of senders) {
        const label = { ...of, sender }
        const status = statuses?.find((each) => each.sender === sender)
        balance(label, status && Number(status.balanceRaw))
        funded(label, status && Number(status.hasFunds))
        ahead(label, status && status.ahead)
        elsewhere(label, status && Number(status.isUsedElsewhere))
        const { waitingSinceMs = null } = status ?? {}
        waiting(
          label,
          status && (waitingSinceMs === null ? 0 : secondsSince(waitingSinceMs, nowMs)),
        )
      }
    },
  }
}

/** A clock that went back makes nothing younger than nothing. */
const secondsSince = (ms: number, nowMs: number): number => Math.max(0, (nowMs - ms) / 1_000)
