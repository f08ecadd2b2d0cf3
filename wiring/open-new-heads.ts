import { createRpcNewHeads, type NewHeadsOptions } from '#adapters/rpc/new-heads.ts'
import type { NewHeads } from '#core/indexing/ports.ts'
import type { Settings } from './settings.ts'

/** Whoever tells of new blocks; undefined where the configuration names nobody. Disposing of it ends its connection. */
export function openNewHeads(
  { heads }: Settings['chain'],
  { warn }: Pick<NewHeadsOptions, 'warn'>,
): (NewHeads & Disposable) | undefined {
  if (heads.length === 0) return undefined
  const { wait, close } = createRpcNewHeads(heads, { warn })
  return { wait, [Symbol.dispose]: close }
}
