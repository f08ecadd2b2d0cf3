import { RpcFailure } from './endpoint.ts'
import type { Member } from './member.ts'
import type { Talk } from './rpc.ts'

/** Why the others are ended. Without a reason of its own each end makes an error with its stack. */
const OVER = new Error('another endpoint has answered')

/** An answer and the endpoint that gave it. */
export type Told<T> = { readonly value: T; readonly provider: string }

/** An endpoint that takes so long over one request is overtaken: the next is asked beside it. */
const HEDGE_MS_MIN = 2_000
/** Some are slow as a rule. */
const HEDGE_LATENCIES = 4

/**
 * Asks one endpoint after the other until one answers: the next when one fails, or, beside it, when one hangs over a
 * single request. Whoever answers first ends the others.
 *
 * @param failures what each of them failed of is put there
 * @returns undefined where none answers
 */
export function inTurn<T>(
  members: readonly Member[],
  question: (node: Talk) => Promise<T>,
  failures: Map<Member, RpcFailure>,
  stop: AbortSignal,
): Promise<Told<T> | undefined> {
  const end = new AbortController()
  const stopped = AbortSignal.any([stop, end.signal])
  let next = 0
  let running = 0

  return new Promise((resolve, reject) => {
    function startNext(): void {
      const member = members[next++]
      if (!member) {
        if (running === 0) resolve(undefined)
        return
      }
      // It asked to be left alone until then; who waits is the caller.
      if (member.node.pace.pausedMs() > 0) {
        failures.set(member, pausedFailure(member))
        startNext()
        return
      }
      running++
      void settle(member)
    }

    async function settle(member: Member): Promise<void> {
      const overtake = (): void => void (next < members.length && startNext())
      try {
        const value = await attempt(member, question, stopped, overtake)
        end.abort(OVER)
        resolve({ value, provider: member.node.name })
      } catch (error) {
        running--
        if (error instanceof RpcFailure) {
          failures.set(member, error)
          if (!end.signal.aborted) startNext()
        } else {
          end.abort(OVER)
          reject(error)
        }
      }
    }
    startNext()
  })
}

function pausedFailure({ node }: Member): RpcFailure {
  const pause = `it is asked again in ${Math.ceil(node.pace.pausedMs() / 1_000)} s`
  const why = node.lastFailure()?.message ?? 'it was asked too much'
  return new RpcFailure('rate-limited', `${why}; ${pause}`)
}

/** One conversation; `overtake` is called once when a single request of it takes too long. */
async function attempt<T>(
  member: Member,
  question: (node: Talk) => Promise<T>,
  stop: AbortSignal,
  overtake: () => void,
): Promise<T> {
  const hedgeMs = Math.max(HEDGE_MS_MIN, member.node.latencyMs() * HEDGE_LATENCIES)
  const timers = new Set<ReturnType<typeof setTimeout>>()
  let isOvertaken = false
  const watch = {
    stop,
    asked() {
      const timer = setTimeout(() => {
        if (isOvertaken) return
        isOvertaken = true
        member.markSlow()
        overtake()
      }, hedgeMs)
      timers.add(timer)
      return () => {
        clearTimeout(timer)
        timers.delete(timer)
      }
    },
  }
  try {
    return await question(await member.talk(watch))
  } finally {
    for (const each of timers) clearTimeout(each)
  }
}
