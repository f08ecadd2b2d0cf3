import type { HistoryPorts } from '#core/history/ports.ts'
import { openIfThere } from '#wiring/open-chain-store.ts'
import type { Settings } from '#wiring/settings.ts'

/** The configuration that the local chain's services are started with. */
export { readSettings } from '#wiring/settings.ts'

/** The history that an earlier run has stored, to compare it with the chain; undefined where there is none. */
export async function openHistory({
  store: setting,
}: Pick<Settings, 'store'>): Promise<(Pick<HistoryPorts, 'heads'> & AsyncDisposable) | undefined> {
  const store = await openIfThere(setting)
  return store && { heads: store.heads, [Symbol.asyncDispose]: async () => store.close() }
}
