import { rangeWith } from '#core/chain.ts'
import type { View } from '#core/history/head.ts'
import { readDocuments, type ResolvePorts } from '#core/history/resolve.ts'
import { newSummary, summaryDocuments, type TokenSummary } from './balance.ts'
import type { Erc20Source } from './erc20-sources.ts'

/**
 * What the balances of a token are worth. `whole`: every transfer since its `startBlock` is indexed, and nothing speaks
 * against them; `partial`: transfers may be missing from before the first block indexed, so that balances are what came in
 * since then; `untold`: its balances change otherwise than by transfers, so nobody can tell them from events.
 */
export type BalanceTrust = 'whole' | 'partial' | 'untold'

export type TrustedSummary = TokenSummary & { readonly balances: BalanceTrust }

/** A token over all its accounts as of a view; with nothing but zeros where no transfer was seen. */
export async function readSummary(
  ports: ResolvePorts,
  view: View,
  source: Erc20Source,
): Promise<TrustedSummary> {
  const [found] = await readDocuments(ports, view, summaryDocuments, [[source.address]])
  const summary = found ?? newSummary(source.address)
  return { ...summary, balances: trustOf(view, source, summary) }
}

function trustOf({ head }: View, { startBlock }: Erc20Source, summary: TokenSummary): BalanceTrust {
  const run = rangeWith(head.coverage, head.number)
  const isWhole = run !== undefined && startBlock !== null && run.from <= startBlock
  switch (summary.untoldReason) {
    case null:
      return isWhole ? 'whole' : 'partial'
    case 'sent-more-than-received':
      // Of a token that is not indexed from its start on, that much is to be expected.
      return isWhole ? 'untold' : 'partial'
    case 'reserve-differs':
    case 'rebase-event':
      return 'untold'
    default:
      return summary.untoldReason satisfies never
  }
}
