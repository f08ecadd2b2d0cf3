import type { LedgerClerk } from '#core/ledger/clerk.ts'
import { checkName } from '#core/ledger/check-request.ts'
import type { LedgerStore } from '#core/ledger/ports.ts'
import type { Clock } from '#core/clock.ts'
import type { Sha256 } from '#core/history/digest.ts'
import { openLedger } from '#wiring/open-ledger.ts'
import { newId, sha256, systemClock } from '#wiring/system.ts'
import { ownActor } from './actor.ts'
import { readSettings, tellWarnings, toStderr } from './wire.ts'

/** What commands on a ledger take. */
export type LedgerApp = AsyncDisposable & {
  readonly ledger: string
  readonly ports: {
    readonly store: LedgerStore
    readonly sha256: Sha256
    readonly clock: Clock
    readonly clerk: LedgerClerk
  }
  readonly newId: () => string
  /** Who runs the command. */
  readonly actor: string
}

/** @throws AppError `invalid` where the name of the ledger is none */
export async function wireLedger({
  config,
  ledger,
}: {
  readonly config: string
  readonly ledger: string
}): Promise<LedgerApp> {
  checkName('--ledger', ledger)
  const opened = await openLedger(readSettings(config).records, ledger)
  tellWarnings(opened, toStderr)
  const { store, clerk } = opened
  return {
    ledger,
    ports: { store, clerk, sha256, clock: systemClock },
    newId,
    actor: ownActor(),
    [Symbol.asyncDispose]: () => opened[Symbol.asyncDispose](),
  }
}
