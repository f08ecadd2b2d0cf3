import { AppError } from '#core/errors.ts'
import { changeIntent } from './change-intent.ts'
import { type Intent, isOpen, moved } from './intent.ts'
import type { SpendPorts } from './relay-ports.ts'

type Ports = Pick<SpendPorts, 'intents' | 'clock'>

/** Puts a spend aside until a person has looked at it. Its points stay held, and what was signed for it stays valid. */
export const quarantine = (
  ports: Ports,
  intent: Intent,
  by: string,
  why: string,
): Promise<Intent> =>
  changeIntent(ports.intents, intent, (now) =>
    isOpen(now)
      ? moved(now, ports.clock.nowMs(), {
          state: 'quarantined',
          resumeIn: now.state,
          waitsFor: why,
          by,
          note: why,
        })
      : undefined,
  )

/**
 * Lets a spend go on from where it was put aside.
 *
 * @throws AppError `conflict` where it is not put aside
 */
export async function retryIntent(
  ports: Ports,
  intent: Intent,
  by: string,
  why: string,
): Promise<Intent> {
  if (intent.state !== 'quarantined')
    throw new AppError(
      'conflict',
      `operation: ${intent.id} is ${intent.state}; only one that is quarantined can be tried again`,
      { details: { field: 'operation' }, audience: 'client' },
    )
  return changeIntent(ports.intents, intent, (now) =>
    now.state === 'quarantined'
      ? moved(now, ports.clock.nowMs(), {
          state: now.resumeIn ?? 'new',
          resumeIn: null,
          by,
          note: why === '' ? 'tried again' : why,
        })
      : undefined,
  )
}
