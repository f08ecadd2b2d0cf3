import type { BlockRef } from '#core/chain.ts'
import type { QuoteInput, QuoteOutcome } from '#core/dex/quote.ts'
import type { Quoter } from '#core/dex/quoter.ts'
import { isAppError } from '#core/errors.ts'
import type { ChainTip } from '#core/history/ports.ts'
import type { Views } from '#core/history/view.ts'
import type { CommitSignal } from './commit-signal.ts'

type WatchPorts = {
  readonly quoter: Quoter
  readonly views: Views
  readonly tip: ChainTip
  readonly commits: CommitSignal
}

/**
 * The quote now, and again at each later block that it is another at, until `signal` is aborted. Blocks are looked for
 * when one is heard of, and every `pollMs`: the chain's newest and the newest indexed, as a quote may be made from either. One with a recipient
 * is another at every block, since its transaction has another deadline.
 *
 * @throws AppError `invalid` naming the field
 */
export async function* watchQuote(
  ports: WatchPorts,
  input: QuoteInput,
  pollMs: number,
  signal: AbortSignal,
): AsyncGenerator<QuoteOutcome, void> {
  let seen: string | undefined
  let told: QuoteOutcome | undefined
  while (!signal.aborted) {
    const heard = ports.commits.heard()
    const place = await placeNow(ports)
    if (place !== seen) {
      seen = place
      const outcome = await ports.quoter.quote(input)
      if (!signal.aborted && (!told || isNews(told, outcome))) {
        told = outcome
        yield outcome
      }
    }
    await ports.commits.wait(heard, pollMs, signal)
  }
}

/** The index reaches a block after the chain does: a quote that both allow is told once. */
function isNews(told: QuoteOutcome, now: QuoteOutcome): boolean {
  if (now.status === told.status && now.block !== null && now.block.hash === told.block?.hash)
    return false
  return textOf(now) !== textOf(told)
}

/** Where the chain and its index stand. */
async function placeNow({ tip, views }: WatchPorts): Promise<string> {
  const [newest, indexed] = await Promise.all([tip.newest(), indexedOrNone(views)])
  return `${newest?.hash} ${indexed?.hash}`
}

/** While the store is away, quotes may be made from the chain alone. */
async function indexedOrNone(views: Views): Promise<BlockRef | undefined> {
  try {
    return (await views.current())?.head
  } catch (error) {
    if (isAppError(error)) return undefined
    throw error
  }
}

/** All of it but where it was made. */
const textOf = (outcome: QuoteOutcome): string =>
  JSON.stringify({ ...outcome, block: null, stateSource: null }, (_key, value: unknown) =>
    typeof value === 'bigint' ? value.toString() : value,
  )
