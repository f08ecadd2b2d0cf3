import type { BlockRef, Hash } from '#core/chain.ts'
import type { ErrorDetails } from '#core/errors.ts'
import { BEFORE_GENESIS, type ChainHead, type NewestBlock } from '#core/indexing/ports.ts'
import { RpcFailure } from './endpoint.ts'
import type { Told } from './in-turn.ts'
import { toHash, toNumber, toObject } from './parse.ts'
import type { Rpc, Talk } from './rpc.ts'

/** The newest final block: what the chain's `finalized` tag says, or so many blocks below the head. */
type Finality = 'finalized' | number

export type HeadsOptions = {
  readonly finality: Finality
  readonly warn?: ((message: string, details: ErrorDetails) => void) | undefined
  /** Told of every head that is believed. */
  readonly seen?: ((head: ChainHead) => void) | undefined
}

/** What one endpoint says; no `finalized` where it knows none. */
type Claim = { readonly latest: Newest; readonly finalized: BlockRef | undefined }

export type Heads = {
  /** See `BlockSource.head`. */
  head(): Promise<ChainHead>
  /**
   * The newest block as the last `head` was told of it, with whoever told: what a follower asks for next need not be asked
   * for again. Given away once, so that who does not believe it asks anew.
   *
   * @returns undefined where the newest block is another one, or whoever told of it is not trusted any more
   */
  takeNewest(number: number): Told<unknown> | undefined
  /** Whether an endpoint did not have a block of this height yet when it was last asked for its newest one. */
  wasBelow(provider: string, number: number): boolean
}

/** An endpoint whose newest block is older than another's by more has no say in what is final. */
const STALE_SECONDS = 300

/**
 * How far a chain is, by all endpoints that answer. The newest block wins, so that one that stands still hides nobody.
 * Final is what two say; where only one does, what it said of the time before too: a single wrong answer must not
 * settle blocks, which nothing takes back.
 */
export function createHeads(rpc: Rpc, options: HeadsOptions): Heads {
  const { finality, warn } = options
  /** What each endpoint said when it was last asked. */
  const seen = new Map<string, Claim>()
  /** What was said to be final the last time, and what was last believed. */
  let saidBefore: BlockRef | undefined
  let believed: BlockRef = BEFORE_GENESIS
  let last: BlockRef | undefined
  let newest: Told<Newest> | undefined
  let isWarned = false

  async function claimOf(node: Talk): Promise<Claim> {
    const before = seen.get(node.name)
    // Most likely there is one block more than before.
    const tag =
      finality === 'finalized' ? finality : finalTag(finality, before && before.latest.number + 1)
    const [block, final] = await node.askEach(
      ['latest', ...(tag === undefined ? [] : [tag])].map(blockCall),
    )
    if (block instanceof RpcFailure) throw block
    const latest = toNewest(block)
    await refuseUnlinked(node, latest, before?.latest)
    let finalized: BlockRef | undefined
    if (finality === 'finalized') finalized = finalOf(node, final, latest)
    // The same block has the same ones below it.
    else if (before?.latest.hash === latest.hash) finalized = before.finalized
    else {
      const isTold = tag === finalTag(finality, latest.number)
      finalized = await depthOf(node, latest, finality, isTold ? final : undefined)
    }
    const claim = { latest, finalized }
    seen.set(node.name, claim)
    return claim
  }

  /** A block that does not follow the endpoint's own block below it is no head of any chain. */
  async function refuseUnlinked(
    node: Talk,
    latest: Newest,
    before: BlockRef | undefined,
  ): Promise<void> {
    if (latest.number === 0 || before?.hash === latest.hash || before?.hash === latest.parentHash)
      return
    const [below] = await node.askEach([blockCall(hex(latest.number - 1))])
    // An endpoint that keeps few blocks is believed where there is no other.
    if ((below === null || below instanceof RpcFailure) && rpc.endpointCount === 1) return
    if (below instanceof RpcFailure) throw below
    if (toRef(below, `block ${latest.number - 1}`).hash !== latest.parentHash)
      throw new RpcFailure('bad-answer', `its block ${latest.number} does not follow its own chain`)
  }

  function finalOf(node: Talk, final: unknown, latest: BlockRef): BlockRef | undefined {
    if (final instanceof RpcFailure && final.kind === 'rate-limited') throw final
    // Nothing is final yet on a new chain; others do not know the tag at all. Nodes say both in many ways.
    if (final === null || final instanceof RpcFailure) {
      node.learned.finalizedTag ??= false
      return undefined
    }
    const ref = toRef(final, 'the finalized block')
    if (ref.number > latest.number)
      throw new RpcFailure('bad-answer', 'its finalized block is above its newest one')
    node.learned.finalizedTag = true
    return ref
  }

  function warnOfNone(): void {
    if (isWarned || finality !== 'finalized') return
    isWarned = true
    warn?.(
      'chain.finality: no endpoint of chain.rpc names a finalized block, so no block is settled and every one is stored ' +
        'by itself; where the chain has no such tag, set chain.finality to the number of blocks after which it is final',
      { field: 'chain.finality' },
    )
  }

  /** What two say is final, else what one says twice. */
  async function believe(claims: readonly Told<Claim>[], latest: NewestBlock): Promise<BlockRef> {
    const [highest, second] = saidIn(claims, latest)
    if (!highest) return believed
    if (second || finality !== 'finalized') return second ?? highest
    const before = saidBefore ?? saidIn(await survey(), latest)[0] ?? BEFORE_GENESIS
    saidBefore = highest
    return lower(before, highest)
  }

  async function survey(): Promise<readonly Told<Claim>[]> {
    const surveyed = await rpc.survey(claimOf)
    const trusted = surveyed.filter(({ provider }) => !rpc.isDistrusted(provider))
    const claims = trusted.length > 0 ? trusted : surveyed
    return claims.length > 0 ? claims : [await rpc.converse(claimOf)]
  }

  async function head(): Promise<ChainHead> {
    newest = undefined
    const claims = await survey()
    const told = newestOf(claims, last)
    const latest = told.value
    const finalized = await believe(claims, latest)
    if (finalized.number < 0) warnOfNone()
    last = latest
    newest = told
    believed = finalized
    const { number, hash, timestamp } = latest
    const seenHead = { latest: { number, hash, timestamp }, finalized }
    options.seen?.(seenHead)
    return seenHead
  }

  return {
    head,
    takeNewest(number) {
      const told = newest
      if (told?.value.number !== number) return undefined
      newest = undefined
      const { value, provider } = told
      return rpc.isDistrusted(provider) ? undefined : { value: value.block, provider }
    },
    wasBelow(provider, number) {
      const before = seen.get(provider)
      return before !== undefined && before.latest.number < number
    },
  }
}

/** The highest; of several that was seen before, so that two branches of one height do not take turns. */
function newestOf(claims: readonly Told<Claim>[], before: BlockRef | undefined): Told<Newest> {
  const blocks = claims.map(({ value, provider }) => ({ value: value.latest, provider }))
  const number = Math.max(...blocks.map(({ value }) => value.number))
  const highest = blocks.filter(({ value }) => value.number === number)
  return highest.find(({ value }) => value.hash === before?.hash) ?? (highest[0] as Told<Newest>)
}

/** The final blocks that are named by those that are not far behind, the highest first. */
const saidIn = (claims: readonly Told<Claim>[], newest: NewestBlock): BlockRef[] =>
  claims
    .filter(({ value }) => newest.timestamp - value.latest.timestamp <= STALE_SECONDS)
    .flatMap(({ value: { finalized } }) => finalized ?? [])
    .toSorted((a, b) => b.number - a.number)

const lower = (a: BlockRef, b: BlockRef): BlockRef => (a.number < b.number ? a : b)

/** Which block is so far below the newest one; undefined where it need not be asked for. */
const finalTag = (depth: number, latest: number | undefined): string | undefined =>
  depth === 0 || latest === undefined || latest < depth ? undefined : hex(latest - depth)

/** @param told that block, where it was asked for beside the newest one */
async function depthOf(
  node: Talk,
  latest: BlockRef,
  depth: number,
  told: unknown,
): Promise<BlockRef> {
  if (depth === 0) return { number: latest.number, hash: latest.hash }
  const tag = finalTag(depth, latest.number)
  if (tag === undefined) return BEFORE_GENESIS
  const isTold = told !== undefined && !(told instanceof RpcFailure)
  const [final] = isTold ? [told] : await node.ask([blockCall(tag)])
  return toRef(final, `block ${Number(tag)}`)
}

/** `block`: all that was told of it. */
type Newest = NewestBlock & { readonly parentHash: Hash; readonly block: unknown }

function toNewest(block: unknown): Newest {
  const what = 'the newest block'
  const { timestamp, parentHash } = toObject(block, what)
  return {
    ...toRef(block, what),
    block,
    timestamp: toNumber(timestamp, `${what}: timestamp`),
    parentHash: toHash(parentHash, `${what}: parentHash`),
  }
}

export const hex = (number: number): string => `0x${number.toString(16)}`

/** A header: the block without its transactions. */
export const blockCall = (tag: string) => ({
  method: 'eth_getBlockByNumber',
  params: [tag, false],
})

export function toRef(value: unknown, what: string): BlockRef {
  const { number, hash } = toObject(value, what)
  return { number: toNumber(number, `${what}: number`), hash: toHash(hash, `${what}: hash`) }
}
