import type { LedgerAudit } from './audit.ts'
import type { Receipt } from './append.ts'
import type { LedgerClerk } from './clerk.ts'
import { LEDGER_SCOPE } from './expire-points.ts'

/** Freezes every account of which an audit found that it is not to be trusted, once for an audit of one head. */
export async function freezeBreached(
  clerk: LedgerClerk,
  { head, breaches }: Pick<LedgerAudit, 'head' | 'breaches'>,
  actor: string,
): Promise<{ readonly account: string; readonly receipt: Receipt }[]> {
  const found = Map.groupBy(
    breaches.filter(({ account }) => account !== undefined),
    ({ account }) => account as string,
  )
  const frozen = []
  for (const [account, [first]] of found) {
    const receipt = await clerk.submit({
      scope: LEDGER_SCOPE,
      key: `freeze:${account}:${head.sequence}`,
      actor,
      operation: {
        kind: 'freeze',
        account,
        memo: `an audit found ${first?.invariant ?? ''} broken`,
      },
    })
    frozen.push({ account, receipt })
  }
  return frozen
}
