import type { Address } from '#core/chain.ts'
import type { Cancel, Clock } from '#core/clock.ts'
import { listTokens } from '#core/dex/list-tokens.ts'
import { NATIVE } from '#core/dex/native.ts'
import { isAppError, messageOf } from '#core/errors.ts'
import { whileStale } from '#core/history/at-head.ts'
import type { ChainEvent, EventBody } from '#core/history/event.ts'
import type { CommitListener } from '#core/indexing/append-blocks.ts'
import type { HistoryPorts } from '#core/history/ports.ts'
import type { Views } from '#core/history/view.ts'
import { type LookUpPorts, lookUpTokens } from './look-up-tokens.ts'
import type { StoredToken, TokenStore } from './ports.ts'
import { isComplete } from './token-words.ts'

export type CollectTokensPorts = LookUpPorts &
  Pick<HistoryPorts, 'tree' | 'heads'> & {
    readonly views: Views
    readonly tokens: TokenStore
    readonly clock: Clock
  }

/** Tokens of which the configuration speaks, which no event may tell of. */
export type CollectTokensInput = {
  readonly chainId: number
  readonly configured: readonly Address[]
}

type TokensOfPool = EventBody & { readonly token0: Address; readonly token1: Address }

/** What a step came to. */
type CollectStep = {
  /** How many were stored. */
  readonly stored: number
  /** How many are still to be read. */
  readonly waiting: number
  /** Whether all are stored, as far as the history goes. */
  readonly isDone: boolean
  /** Why some of them could not be read; undefined where none failed. */
  readonly trouble: string | undefined
}

/** Sees to it that the words of all tokens of the history's pools are stored. */
export type TokenCollector = {
  /** Takes note of the tokens of pools that a commit brought. */
  readonly found: CommitListener
  /** Reads and stores some of the tokens that are due. @throws AppError `unavailable` where the store fails */
  step(): Promise<CollectStep>
  /** Goes on until cancelled; what fails is tried again later. `warn` is told of new trouble. */
  run(cancel: Cancel, warn: (reason: string) => void): Promise<void>
}

/** Tokens asked for in one step. */
const STEP_TOKENS = 40
/** Tokens that wait at once; where there are more, the history's pools are gone through again for them. */
const WAITING_MAX = 10_000
/** Pools' tokens looked up in the store at a time. */
const WALK_PAGE = 200
/** A contract that refused is asked again after this: it may be a proxy that has other code by now. */
const REFUSED_AGAIN_MS = 24 * 3_600_000
/** The pause after a token's failure doubles from the first to the last of these. */
const RETRY_MS_MIN = 1_000
const RETRY_MS_MAX = 10 * 60_000
/** How long nothing to do is waited for. */
const IDLE_MS = 1_000

type Waiting = { readonly dueMs: number; readonly failures: number }

export function createTokenCollector(
  ports: CollectTokensPorts,
  { chainId, configured }: CollectTokensInput,
): TokenCollector {
  const { clock } = ports
  const waiting = new Map<Address, Waiting>()
  let walkAtMs = 0
  /** Whether there was no room for a token that was found. */
  let isOverfull = false
  /** Where the walk through the tokens of pools goes on; null: it is over. */
  let walkAfter: Address | undefined | null

  function want(addresses: readonly Address[]): void {
    for (const address of addresses) {
      if (address === NATIVE || waiting.has(address)) continue
      // Those are found when the pools are gone through the next time.
      isOverfull ||= waiting.size >= WAITING_MAX
      if (isOverfull) return
      waiting.set(address, { dueMs: 0, failures: 0 })
    }
  }

  const isDue = (stored: StoredToken | undefined): boolean =>
    !stored || (!isComplete(stored) && clock.nowMs() - stored.readAtMs >= REFUSED_AGAIN_MS)

  async function wantDue(addresses: readonly Address[]): Promise<void> {
    const stored = await ports.tokens.read(chainId, addresses)
    want(addresses.filter((_, index) => isDue(stored[index])))
  }

  /** A page of the tokens that have a pool, beginning with those that the configuration names. */
  async function walk(): Promise<void> {
    if (walkAfter === null) {
      if (clock.monotonicMs() < walkAtMs && !isOverfull) return
      isOverfull = false
      walkAfter = undefined
    }
    if (waiting.size + WALK_PAGE > WAITING_MAX) return
    const after = walkAfter
    const page = await whileStale(ports.views, async () => {
      const view = await ports.views.current()
      const query = { limit: WALK_PAGE, ...(after && { after }) }
      return view && (await listTokens(ports, view, [], query))
    })
    if (after === undefined) await wantDue(configured)
    if (page) await wantDue(page.items)
    walkAfter = page?.hasMore ? (page.items.at(-1) as Address) : null
    if (walkAfter === null)
      walkAtMs = clock.monotonicMs() + (page ? REFUSED_AGAIN_MS : RETRY_MS_MIN)
  }

  const outcome = (stored: number, trouble?: string): CollectStep => ({
    stored,
    waiting: waiting.size,
    isDone: waiting.size === 0 && walkAfter === null && !isOverfull,
    trouble,
  })

  async function step(): Promise<CollectStep> {
    await walk()
    const now = clock.monotonicMs()
    const due: Address[] = []
    for (const [address, { dueMs }] of waiting)
      if (dueMs <= now && due.push(address) === STEP_TOKENS) break
    if (due.length === 0) return outcome(0)
    // Another writer may have been quicker, and the tokens of a new pool are most often those of an old one.
    const stored = await ports.tokens.read(chainId, due)
    const asked = due.filter((address, index) => {
      const isWanted = isDue(stored[index])
      if (!isWanted) waiting.delete(address)
      return isWanted
    })
    if (asked.length === 0) return outcome(0)
    return readThem(asked)
  }

  async function readThem(asked: readonly Address[]): Promise<CollectStep> {
    let trouble: string | undefined
    let known: StoredToken[] = []
    try {
      const found = await lookUpTokens(ports, asked)
      known = found.filter(({ isKnown }) => isKnown).map(({ token }) => token)
      if (known.length < asked.length)
        trouble = `no node tells all words of ${asked.length - known.length} tokens`
    } catch (error) {
      if (!isAppError(error, 'unavailable')) throw error
      trouble = messageOf(error)
    }
    await ports.tokens.put(chainId, known)
    for (const { address } of known) waiting.delete(address)
    for (const address of asked) {
      const { failures = 0 } = waiting.get(address) ?? {}
      const ms = Math.min(RETRY_MS_MIN * 2 ** failures, RETRY_MS_MAX)
      // At the end of the line, so that those that were never asked come first.
      if (waiting.delete(address))
        waiting.set(address, { dueMs: clock.monotonicMs() + ms, failures: failures + 1 })
    }
    return outcome(known.length, trouble)
  }

  return {
    found: {
      // Only what tells of a new pool names two tokens, whatever its design.
      wants: ({ body }) => 'token0' in body && 'token1' in body,
      tell(events) {
        for (const { body } of events as ChainEvent<TokensOfPool>[])
          want([body.token0, body.token1])
      },
    },
    step,
    async run(cancel, warn) {
      let told: string | undefined
      while (!cancel.aborted) {
        const { stored, trouble } = await step().catch((error: unknown) => {
          if (!isAppError(error, 'unavailable')) throw error
          return outcome(0, messageOf(error))
        })
        if (trouble !== undefined && trouble !== told && !cancel.aborted) warn(trouble)
        if (trouble !== undefined || stored > 0) told = trouble
        if (stored === 0) await clock.sleep(IDLE_MS, cancel)
      }
    },
  }
}
