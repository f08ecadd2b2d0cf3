import type { Address } from '#core/chain.ts'
import type { Clock } from '#core/clock.ts'
import { AppError } from '#core/errors.ts'
import { refuseLeftView, whileStale } from '#core/history/at-head.ts'
import { isEmpty, viewAt } from '#core/history/head.ts'
import type { ResolvePorts } from '#core/history/resolve.ts'
import type { IndexedCollections } from '#core/nft/indexed-collections.ts'
import { createAsk } from './ask.ts'
import { createBlockAges } from './block-ages.ts'
import { createDelegations, type DelegationPorts } from './delegations.ts'
import type { EvaluatePorts } from './evaluate.ts'
import type { Decision, Finality, TimedBlock } from './decision.ts'
import { evaluateRule } from './evaluate.ts'
import { createHoldingIndex, type HoldingIndex, noIndex } from './holding-index.ts'
import type { Escrow, OwnerReader } from './ports.ts'
import type { TraitIndex } from './count-traits.ts'
import { countTokens, type LeafRule, leavesOf, needsIndex, type Rule } from './rule.ts'

export type CheckPorts = ResolvePorts & {
  readonly owners: OwnerReader
  readonly collections: IndexedCollections
  /** Collections that are indexed as ERC-721. */
  readonly isKnownErc721: (collection: Address) => boolean
  readonly escrows: readonly Escrow[]
  readonly delegations: DelegationPorts
  readonly traits: TraitIndex
  readonly clock: Pick<Clock, 'sleep' | 'monotonicMs'>
}

export type CheckInput = {
  readonly rule: Rule
  /** The wallets of each person; amounts of one person are added up. */
  readonly people: readonly (readonly Address[])[]
  readonly finality: Finality
}

/** How much older than the block that was asked for the index may be, in seconds of the chain. */
const INDEX_LAG_SECONDS_MAX = 120
/** Questions to contracts that one request may come to. */
const QUESTIONS_MAX = 50_000

/**
 * Whether people own what a rule says: one decision each, in their order, all read at one block.
 *
 * The block is the newest one of that finality. Where a part of the rule needs the index, it is the newest one of these
 * that the index has.
 *
 * @param newest of that finality; null where no node could be asked for it
 * @throws AppError `invalid` (`too-costly`) where the request comes to too many questions
 */
export async function checkOwnership(
  ports: CheckPorts,
  input: CheckInput,
  newest: TimedBlock | null,
): Promise<Decision[]> {
  refuseTooCostly(input)
  if (!newest) return input.people.map(() => unavailable(input))
  const wantsIndex = leavesOf(input.rule).some(
    (leaf) => needsIndex(leaf) || isEscrowListed(ports.escrows, leaf),
  )
  if (!wantsIndex) return decide(ports, input, newest, noIndex('not-indexed'))
  return whileStale(ports.views, () => checkWithIndex(ports, input, newest))
}

/** Whether the index has to say which tokens an escrow of the collection has. */
const isEscrowListed = (escrows: readonly Escrow[], leaf: LeafRule): boolean =>
  leaf.kind === 'erc721' &&
  leaf.tokens === null &&
  escrows.some((each) => each.collection === leaf.collection && each.balanceMethod === null)

function refuseTooCostly({ rule, people }: CheckInput): void {
  const wallets = people.reduce((sum, each) => sum + each.length, 0)
  const questions = leavesOf(rule).reduce((sum, leaf) => sum + questionsOf(leaf), 0) * wallets
  if (questions <= QUESTIONS_MAX) return
  throw new AppError(
    'invalid',
    `the rule comes to ${questions} questions for ${wallets} wallets, and one request may ask ${QUESTIONS_MAX}; name fewer ids, or fewer people at once`,
    { details: { reason: 'too-costly' }, audience: 'client' },
  )
}

/** Of one wallet; what the index names first is at most a page of it. */
function questionsOf(leaf: LeafRule): number {
  if (leaf.kind === 'erc20' || leaf.kind === 'traits' || leaf.tokens === null) return 1
  return needsIndex(leaf) ? 1 : Number(countTokens(leaf.tokens))
}

/** Reads contracts and index at one block that both have, or says why the index cannot be believed. */
async function checkWithIndex(
  ports: CheckPorts,
  input: CheckInput,
  newest: TimedBlock,
): Promise<Decision[]> {
  const current = await ports.views.current()
  if (!current || isEmpty(current)) return decide(ports, input, newest, noIndex('not-indexed'))
  const view = viewAt(current, newest.number)
  const lag = view && newest.timestamp - view.head.timestamp
  if (!view || lag === undefined || lag > INDEX_LAG_SECONDS_MAX)
    return decide(ports, input, newest, noIndex('index-behind'))
  const { number, hash, timestamp } = view.head
  const decisions = await decide(
    ports,
    input,
    { number, hash, timestamp },
    createHoldingIndex(ports, view),
  )
  await refuseLeftView(ports.views, view)
  return decisions
}

async function decide(
  ports: CheckPorts,
  { rule, people, finality }: CheckInput,
  block: TimedBlock,
  index: HoldingIndex,
): Promise<Decision[]> {
  const { escrows, isKnownErc721, traits } = ports
  const leaf: EvaluatePorts = {
    ask: createAsk(ports.owners, block, ports.clock),
    index,
    escrows,
    isKnownErc721,
    traits,
    block,
    wasMadeBy: createBlockAges(ports.owners, ports.clock),
    delegations: createDelegations(ports.delegations, block),
  }
  return Promise.all(
    people.map(async (wallets): Promise<Decision> => {
      const clauses = await evaluateRule(leaf, rule, [...new Set(wallets)])
      const [{ answer, reason }] = clauses
      return { answer, reason, finality, block, clauses }
    }),
  )
}

const unavailable = ({ finality }: CheckInput): Decision => ({
  answer: 'unknown',
  reason: 'unavailable',
  finality,
  block: null,
  clauses: [],
})
