import { type ReadPorts, readBalance, readBalanceAt } from '#core/ledger/read-balance.ts'
import type { PointsBalance } from '#resources/points.ts'

/** What an account has now, or had at a time. @param atMs milliseconds since 1970 */
export async function readPoints(
  { ledger, ports }: { readonly ledger: string; readonly ports: ReadPorts },
  of: { readonly asset: string; readonly account: string },
  atMs: number | undefined,
): Promise<PointsBalance> {
  const now = await readBalance(ports, ledger, of)
  if (atMs === undefined) return { ...now, asOfMs: null }
  return { ...now, value: await readBalanceAt(ports, ledger, of, atMs), at: null, asOfMs: atMs }
}
