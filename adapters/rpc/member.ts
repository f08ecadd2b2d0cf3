import { RpcFailure } from './endpoint.ts'
import { createNode, type Node, type NodeTimes, type Watch } from './node.ts'
import { toNumber } from './parse.ts'
import type { EndpointSetting, EndpointStatus, RpcOptions, Talk } from './rpc.ts'

/** An endpoint among others: whether it serves the right chain, and where it stands among them. */
export type Member = {
  readonly node: Node
  /** The endpoint for one conversation; the chain that it serves is known first. */
  talk(watch: Watch): Promise<Talk>
  /** Asks anew; undefined where it does not tell. */
  chainId(): Promise<number | undefined>
  distrust(): void
  isDistrusted(): boolean
  /** Was so long over an answer that another one was asked. */
  markSlow(): void
  isSlow(): boolean
  /** The lower, the sooner it is asked. */
  rank(): number
  /** Whether there is a point in asking it now. */
  isUsable(): boolean
  status(): EndpointStatus
}

/** A failed proof counts as much as being slow for this long. */
const DISTRUST_MS = 60_000
/** Others are asked first for so long. */
const SLOW_MS = 30_000
/** Lower ranks first: who was slow comes behind who was not, and so on. */
const RANKS = { slow: 1, distrusted: 2, broken: 4, paused: 8, wrongChain: 16 } as const

export function createMember(
  name: string,
  { url, ...limits }: EndpointSetting,
  options: Pick<RpcOptions, 'chainId' | 'warn'>,
  times: NodeTimes,
): Member {
  const node = createNode(url, name, limits, times)
  let distrustedUntil = 0
  let slowUntil = 0
  /** Undefined until it has told, and after the connection was lost: another node may be there now. */
  let served: number | undefined
  let warnedOf: number | undefined

  async function learnChain(watch?: Watch): Promise<number> {
    const [result] = await node.send([{ method: 'eth_chainId', params: [] }], watch)
    if (result instanceof RpcFailure) throw result
    served = toNumber(result, 'eth_chainId')
    if (served !== options.chainId && served !== warnedOf) {
      warnedOf = served
      options.warn?.(
        `${name} serves chain ${served}, not ${options.chainId} as chain.id says; it is not used`,
        { endpoint: name, expected: options.chainId, actual: served },
      )
    }
    return served
  }

  async function askEach(calls: Parameters<Talk['askEach']>[0], watch: Watch): Promise<unknown[]> {
    try {
      return await node.send(calls, watch)
    } catch (error) {
      if (error instanceof RpcFailure && error.kind === 'unreachable') served = undefined
      throw error
    }
  }

  const isWrong = (): boolean => served !== undefined && served !== options.chainId

  return {
    node,
    async talk(watch) {
      if (served === undefined) await learnChain(watch)
      if (isWrong()) throw new RpcFailure('wrong-chain', `it serves chain ${served}`)
      return {
        name,
        learned: node.learned,
        askEach: (calls) => askEach(calls, watch),
        async ask(calls) {
          const answers = await askEach(calls, watch)
          const failure = answers.find((answer) => answer instanceof RpcFailure)
          if (failure) throw failure
          return answers
        },
      }
    },
    async chainId() {
      try {
        return await learnChain()
      } catch (error) {
        if (error instanceof RpcFailure) return undefined
        throw error
      }
    },
    distrust: () => void (distrustedUntil = performance.now() + DISTRUST_MS),
    isDistrusted: () => distrustedUntil > performance.now(),
    isSlow: () => slowUntil > performance.now(),
    markSlow: () => void (slowUntil = performance.now() + SLOW_MS),
    rank() {
      const now = performance.now()
      return (
        (slowUntil > now ? RANKS.slow : 0) +
        (distrustedUntil > now ? RANKS.distrusted : 0) +
        (node.isBroken() ? RANKS.broken : 0) +
        (node.pace.pausedMs() > 0 ? RANKS.paused : 0) +
        (isWrong() ? RANKS.wrongChain : 0)
      )
    },
    isUsable: () => !node.isBroken() && node.pace.pausedMs() === 0 && !isWrong(),
    status() {
      const failure = node.lastFailure()
      const base = { name, perSecond: node.pace.perSecond(), learned: node.learned }
      const reason = failure?.message ?? null
      if (isWrong()) return { ...base, state: 'wrong-chain', reason: `it serves chain ${served}` }
      if (node.pace.pausedMs() > 0) return { ...base, state: 'paused', reason }
      if (node.isBroken()) return { ...base, state: 'failing', reason }
      return { ...base, state: served === undefined ? 'untried' : 'ok', reason }
    },
  }
}
