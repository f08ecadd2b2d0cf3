import type { Address, BlockRange } from '#core/chain.ts'
import type { Admission } from './admission.ts'
import type { RawLog } from './ports.ts'
import type { LogScope } from './raw/log-scope.ts'
import type { RawBlock } from './raw/segment.ts'

/** Gives what to ask for in a range: the logs of contracts that are known, or created up to its end. */
export type Discovery = { scopeFor(range: BlockRange): Promise<LogScope> }

/**
 * Creations are few, so they are asked for first, ahead of the rest. What this first, unproven answer leaves out is found
 * in the proven blocks, see `createdIn`.
 *
 * @param creations the logs of a scope in a range, as a node gives them; undefined where no node need be asked
 */
export function createDiscovery(
  admission: Admission,
  creations: (range: BlockRange, scope: LogScope) => Promise<readonly RawLog[] | undefined>,
): Discovery {
  const discovered: Address[] = []
  let before: Promise<unknown> = Promise.resolve()
  return {
    scopeFor(range) {
      const asked = admission.factoryScope()
      const scope = admission.scope(discovered)
      if (!asked || isOfAll(scope)) return Promise.resolve(scope)
      const answer = creations(range, asked)
      // It may fail before its turn comes; the turn hears of it.
      answer.catch(() => undefined)
      const turn = before.then(async () => {
        for (const log of (await answer) ?? []) discovered.push(...childIn(admission, log))
        return admission.scope(discovered)
      })
      before = turn
      turn.catch(() => undefined)
      return turn
    },
  }
}

const isOfAll = (scope: LogScope): boolean => [...scope.values()].includes('all')

/** The contracts that proven blocks bring into being. */
export function createdIn(admission: Admission, blocks: readonly RawBlock[]): Address[] {
  const factories = admission.factoryScope()
  if (!factories) return []
  const created: Address[] = []
  for (const { logs } of blocks)
    for (const log of logs) {
      const topic = log.topics[0]
      if (topic !== undefined && factories.has(topic)) created.push(...childIn(admission, log))
    }
  return created
}

/** Follows the contracts that these logs bring into being. */
export function followCreated(admission: Admission, logs: readonly RawLog[]): void {
  for (const log of logs) {
    const admitted = admission.admit(log)
    if (admitted.status === 'event' && admitted.child) admission.follow(admitted.child)
  }
}

/** The contract that this log brings into being, if it does. */
function childIn(admission: Admission, log: RawLog): Address[] {
  const admitted = admission.admit(log)
  return admitted.status === 'event' && admitted.child ? [admitted.child.address] : []
}
