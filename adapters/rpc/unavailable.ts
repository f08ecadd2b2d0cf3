import { AppError } from '#core/errors.ts'
import type { RpcFailure } from './endpoint.ts'
import type { Member } from './member.ts'
import type { RpcFailureKind } from './refusals.ts'

/** What will not be different in a second, at any endpoint. */
const FINAL: ReadonlySet<RpcFailureKind> = new Set([
  'reverted',
  'too-large',
  'denied',
  'wrong-chain',
  'stopped',
])

export const isFinal = (failures: ReadonlyMap<Member, RpcFailure>): boolean =>
  [...failures.values()].every(({ kind }) => FINAL.has(kind))

/** What to do about it, by what happened last. */
const ADVICE: Readonly<Record<RpcFailureKind, string>> = {
  unreachable:
    'check that the node runs, that the URL is right, and that this machine may reach it',
  timeout: 'the node is overloaded or far behind; give it time, or add another endpoint',
  failed: 'the server, or one in front of the node, has trouble; check it, or add another endpoint',
  denied: 'check the key in the URL and what its plan allows',
  'rate-limited':
    'it is asked more than its plan allows; lower requestsPerSecond of this endpoint, or add another one',
  'too-large': 'use an endpoint with higher limits',
  'bad-answer': 'it does not have this yet, or answers it wrongly; add another endpoint',
  reverted: 'the call fails on every node',
  refused: 'the node says why; add another endpoint, or another plan',
  'wrong-chain': 'correct chain.id or chain.rpc',
  stopped: 'it was stopped',
}

/** The cause that says most comes first. */
const TELLING: readonly RpcFailureKind[] = ['reverted', 'too-large']

/** No endpoint gives an answer: what each of them said, and what helps. */
export function unavailable(
  failures: ReadonlyMap<Member, RpcFailure>,
  isStopped = false,
): AppError {
  const all = [...failures.values()]
  const reasons = [...failures].map(([{ node }, { message }]) => `${node.name}: ${message}`)
  const cause =
    TELLING.map((kind) => all.find((failure) => failure.kind === kind)).find(Boolean) ?? all.at(-1)
  const kind = cause?.kind ?? 'stopped'
  const details = { field: 'chain.rpc', failure: isStopped ? 'stopped' : kind }
  if (all.length > 0 && all.every((failure) => failure.kind === 'wrong-chain'))
    return new AppError(
      'invalid',
      `chain.rpc: no endpoint serves the configured chain (${reasons.join('; ')}); ${ADVICE['wrong-chain']}`,
      { details, cause },
    )
  return new AppError(
    'unavailable',
    `chain.rpc: no endpoint gives an answer (${reasons.join('; ')}); ${ADVICE[kind]}`,
    { details, cause },
  )
}
