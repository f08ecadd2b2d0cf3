import { isOfPosition, ownerBefore } from './naive-positions.ts'
import type { EventLine } from './text.ts'

const NOBODY = `0x${'0'.repeat(40)}`
const BLOCKS = 256
const SETS: Readonly<Record<string, 'swaps' | 'liquidity' | 'nfts'>> = {
  swap: 'swaps',
  mint: 'liquidity',
  burn: 'liquidity',
  collect: 'liquidity',
  modifyLiquidity: 'liquidity',
  transfer: 'nfts',
}

/** An event that accounts took part in. */
export type ActiveRow = {
  readonly row: EventLine
  readonly set: 'swaps' | 'liquidity' | 'nfts' | 'positions'
  readonly parties: readonly string[]
}

/** Who took part in which event, in the order of the chain. */
export function activeRows(rows: readonly EventLine[]): ActiveRow[] {
  return rows.flatMap((row) => {
    const { type, sender, owner, from, to, recipient } = row.body as Record<
      string,
      string | undefined
    >
    const isPosition = isOfPosition(row)
    const set = isPosition ? 'positions' : SETS[type ?? '']
    if (set === undefined) return []
    const named = isPosition
      ? [from, to, recipient, type === 'transferPosition' ? undefined : ownerBefore(rows, row)]
      : [sender, owner, from, to, recipient]
    const parties = new Set(
      named.filter(
        (each) => each !== undefined && each !== NOBODY && (isPosition || each !== row.address),
      ),
    )
    return [{ row, set, parties: [...parties] as string[] }]
  })
}

/** In which blocks accounts took part in anything, by going through all events once for each account. */
export function naiveActivity(rows: readonly EventLine[]): { kind: string; value: object }[] {
  const active = activeRows(rows)
  const accounts = new Set(active.flatMap(({ parties }) => parties))
  return [...accounts].flatMap((account) => {
    const own = active.filter(({ parties }) => parties.includes(account))
    const pages = new Set(own.map(({ row }) => Math.floor(row.block.number / BLOCKS)))
    return [...pages].map((page) => {
      const positions: bigint[] = []
      const value = { account, page, swaps: 0n, liquidity: 0n, nfts: 0n, positions }
      for (const { row, set } of own) {
        const { block, logIndex } = row
        if (Math.floor(block.number / BLOCKS) !== page) continue
        const place = BigInt(block.number % BLOCKS)
        if (set === 'positions') positions.push(place * 2n ** 32n + BigInt(logIndex))
        else value[set] |= 2n ** place
      }
      return { kind: 'activityPage', value }
    })
  })
}
