import type { EventLine } from './text.ts'

const NOBODY = `0x${'0'.repeat(40)}`
const BLOCKS = 256
const SETS: Readonly<Record<string, 'swaps' | 'liquidity' | 'nfts'>> = {
  swap: 'swaps',
  mint: 'liquidity',
  burn: 'liquidity',
  collect: 'liquidity',
  transfer: 'nfts',
}

/** In which blocks accounts took part in anything, by going through all events once for each account. */
export function naiveActivity(rows: readonly EventLine[]): { kind: string; value: object }[] {
  const partiesOf = ({ address, body }: EventLine): string[] => {
    const { type, sender, owner, from, to, recipient } = body as Record<string, string | undefined>
    if (SETS[type ?? ''] === undefined) return []
    return [sender, owner, from, to, recipient].filter(
      (each) => each !== undefined && each !== NOBODY && each !== address,
    ) as string[]
  }
  const accounts = new Set(rows.flatMap(partiesOf))
  return [...accounts].flatMap((account) => {
    const own = rows.filter((row) => partiesOf(row).includes(account))
    const pages = new Set(own.map(({ block }) => Math.floor(block.number / BLOCKS)))
    return [...pages].map((page) => {
      const value = { account, page, swaps: 0n, liquidity: 0n, nfts: 0n, positions: [] }
      for (const { block, body } of own)
        if (Math.floor(block.number / BLOCKS) === page)
          value[SETS[(body as { type: string }).type] as 'swaps'] |=
            2n ** BigInt(block.number % BLOCKS)
      return { kind: 'activityPage', value }
    })
  })
}
