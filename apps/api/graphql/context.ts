import DataLoader from 'dataloader'
import type { Address } from '#core/chain.ts'
import type { TokenInfo } from '#core/dex/ports.ts'
import type { View } from '#core/history/head.ts'
import { refused } from '#api/errors.ts'
import { type Status, statusAt } from '#api/status.ts'
import { isComplete, readTokens } from '#api/tokens.ts'
import type { Ports } from '#api/wire.ts'

/** Lists within lists multiply: one answer reads this many rows at most, whatever its text looks like. */
const ROWS_MAX = 10_000

/** What one attempt to answer a request shares. */
export type GraphqlContext = {
  readonly ports: Ports
  /** Where the whole answer is read at. @throws AppError `unavailable` where nothing is indexed yet */
  view(): View
  /** What tokens say of themselves, all that an answer needs in one read. */
  readonly tokens: DataLoader<Address, TokenInfo>
  status(): Promise<Status>
  /** Counts rows that a field asks for. @throws AppError `invalid` when they are too many */
  spend(rows: number, argument: string): void
  /** Whether the answer holds anything that asking again at the same block could answer otherwise. */
  isLive(): boolean
}

/** @param view gives the view, or throws what is to be said where there is none */
export function createContext(ports: Ports, view: () => View): GraphqlContext {
  let status: Promise<Status> | undefined
  let rows = 0
  let isLive = false
  return {
    ports,
    view,
    tokens: new DataLoader(async (addresses) => {
      const infos = await readTokens(ports, addresses)
      isLive ||= !infos.every(isComplete)
      return infos
    }),
    status() {
      isLive = true
      return (status ??= statusAt(ports, view()))
    },
    spend(more, argument) {
      rows += more
      if (rows > ROWS_MAX)
        throw refused(
          argument,
          `the lists of this request ask for more than ${ROWS_MAX} rows together; ask for less of each`,
        )
    },
    isLive: () => isLive,
  }
}
