import { createFaults } from '#cli/operator-watch.ts'
import type { Cancel } from '#core/clock.ts'
import { messageOf } from '#core/errors.ts'
import { countSpends } from '#core/relay/count-spends.ts'
import type { Reconciliation } from '#core/relay/reconcile.ts'
import type { RelayPolicy, RelayPorts } from '#core/relay/relay-ports.ts'
import { readSenders } from '#core/relay/sender-status.ts'
import type { Address, Listener } from '#faces/listen.ts'
import { createMetrics } from '#wiring/telemetry.ts'
import { createRelayMetrics } from './relay-metrics.ts'

/** How long it rests between two looks at the records and the senders. */
const LOOK_MS = 15_000

type WatchPorts = Pick<RelayPorts, 'intents' | 'chain' | 'senders' | 'clock'>

/** What is told of the relay's work, and what an operator can ask about it. */
type RelayWatch = {
  /**
   * Serves `/live`, `/ready` (503 with the reasons) and `/metrics`.
   *
   * @param onError told of an answer that could not be made
   * @throws AppError `unavailable` naming the setting where the port is taken
   */
  listen(address: Address, onError: (error: unknown, path: string) => void): Promise<Listener>
  readonly roundEnded: (fault: string | undefined) => void
  readonly compared: (found: Reconciliation | undefined) => void
  /** Looks at records and senders until it is told to stop. */
  run(stop: Cancel): Promise<void>
}

/** Follows what the relay of one chain does, for its operator. */
export function watchRelay(
  ports: WatchPorts,
  { chainId, balanceMinRaw }: Pick<RelayPolicy, 'chainId' | 'balanceMinRaw'>,
  chain: string,
): RelayWatch {
  const metrics = createRelayMetrics(createMetrics(), chain)
  const { note, listen } = createFaults()
  const senders = ports.senders.map(({ sender }) => sender)

  async function look(): Promise<void> {
    const nowMs = ports.clock.nowMs()
    const counts = await countSpends(ports, chainId).catch(() => undefined)
    metrics.counted(counts, nowMs)
    if (counts) {
      const aside = counts.byState.quarantined ?? 0
      note('spends', aside === 0 ? undefined : `${aside} are quarantined; run halyard ops list`)
    }
    try {
      const statuses = await readSenders(ports, { chainId, balanceMinRaw })
      metrics.sendersSeen(senders, statuses, nowMs)
      const poor = statuses.filter(({ hasFunds }) => !hasFunds).map(({ sender }) => sender)
      note('senders', poor.length === 0 ? undefined : `${poor.join(', ')}: too little ether`)
    } catch (error) {
      metrics.sendersSeen(senders, undefined, nowMs)
      note('senders', messageOf(error))
    }
  }

  return {
    listen: (address, onError) => listen(metrics, address, onError),
    roundEnded(fault) {
      metrics.roundEnded(fault === undefined)
      note('rounds', fault)
    },
    compared(found) {
      metrics.compared(found)
      if (!found) return
      const { length } = found.differences
      note(
        'ledger',
        length === 0
          ? undefined
          : `${length} differences to the chain; run halyard points reconcile`,
      )
    },
    async run(stop) {
      while (!stop.aborted) {
        // oxlint-disable-next-line no-await-in-loop -- one look after the other
        await look()
        // oxlint-disable-next-line no-await-in-loop -- likewise
        await ports.clock.sleep(LOOK_MS, stop)
      }
    },
  }
}
