import { invalidField } from '#core/errors.ts'
import type { RelayPolicy, SpendPorts } from '#core/relay/relay-ports.ts'
import { openIntents } from './open-intents.ts'
import { openLedger } from './open-ledger.ts'
import type { Settings } from './settings.ts'
import { sha256, systemClock } from './system.ts'

/** What recording and following spends of one chain takes. No key and no node. */
export type OpenSpends = AsyncDisposable & {
  readonly ports: SpendPorts
  readonly policy: RelayPolicy
  /** What about the servers an operator should know. */
  readonly warnings: readonly string[]
}

export type RelaySettings = NonNullable<Settings['relay']>

/** @throws AppError `invalid` where the configuration names no points contract */
export function relayOf({ relay }: Pick<Settings, 'relay'>): RelaySettings {
  if (relay) return relay
  throw invalidField(
    'relay',
    'the configuration names no points contract of this chain; add the section relay, as docs/points.md says',
  )
}

const policyOf = (chainId: number, relay: RelaySettings): RelayPolicy => {
  const { contract, startBlock, ledger, asset, leaseMs } = relay
  const { deadlineS, feeMaxRaw, balanceMinRaw, bumpAfterMs } = relay
  return {
    chainId,
    contract,
    startBlock,
    ledger,
    asset,
    leaseMs,
    deadlineS,
    feeMaxRaw,
    balanceMinRaw,
    bumpAfterMs,
  }
}

/**
 * Opens the ledger and what is kept of spends under way. Records that are not there yet are made.
 *
 * @throws AppError `invalid` where the configuration names no points contract; `conflict` where records wait for a migration;
 *   `unavailable` where they cannot be used
 */
export async function openSpends(
  settings: Pick<Settings, 'chain' | 'records' | 'relay'>,
): Promise<OpenSpends> {
  const relay = relayOf(settings)
  await using parts = new AsyncDisposableStack()
  const { store, clerk, warnings } = parts.use(await openLedger(settings.records, relay.ledger))
  const { intents } = parts.adopt(await openIntents(settings.records), (each) => each.close())
  const opened = parts.move()
  return {
    ports: { intents, store, clerk, sha256, clock: systemClock },
    policy: policyOf(settings.chain.id, relay),
    warnings,
    [Symbol.asyncDispose]: () => opened.disposeAsync(),
  }
}
