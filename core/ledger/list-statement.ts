import { type Page, pageOf } from '#core/page.ts'
import type { MovementBody } from './evolve.ts'
import type { MovementPlace } from './ports.ts'
import { type ReadPorts, readUpToDate } from './read-balance.ts'
import { fromText } from './text.ts'

/** A line of an account's statement. */
export type StatementLine = MovementPlace & MovementBody & { readonly atMs: number }

/** What was done to an account, newest first. */
export async function listStatement(
  ports: ReadPorts,
  ledger: string,
  { asset, account }: { readonly asset: string; readonly account: string },
  { before, limit }: { readonly before?: MovementPlace; readonly limit: number },
): Promise<Page<StatementLine>> {
  await readUpToDate(ports, ledger)
  const movements = await ports.store.movements(ledger, asset, account, {
    ...(before && { before }),
    limit: limit + 1,
  })
  const lines = movements.map(({ sequence, position, atMs, body }) => ({
    sequence,
    position,
    atMs,
    ...(fromText(body) as MovementBody),
  }))
  return pageOf(lines, limit)
}
