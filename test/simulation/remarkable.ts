import type { NaiveView } from '../oracle/naive-model.ts'

type Fields = Readonly<Record<string, string | number | bigint | boolean | null>>

const NOBODY = `0x${'0'.repeat(40)}`

const remarks: Readonly<Record<string, (value: Fields) => readonly string[]>> = {
  tokenSummary: ({ untoldReason, taxBlock }) => [
    ...(untoldReason === null ? ['balances told'] : [`balances untold: ${untoldReason}`]),
    ...(taxBlock === null ? [] : ['taxes on transfers']),
  ],
  pool: ({ protocol, isFeeDynamic, hooks, protocolParts0, swapCount }) =>
    protocol === 'uniswap-v4' && swapCount !== 0
      ? [
          'pools of V4 that were traded in',
          ...(hooks === null ? [] : ['with hooks']),
          ...(isFeeDynamic === true ? ['with a dynamic fee'] : []),
          ...(protocolParts0 === 0 ? [] : ['with a fee of the protocol']),
        ]
      : [],
  position: ({ pool, mintedBlock, burntAt }) => [
    pool === NOBODY ? 'positions in unknown pools' : 'positions in known pools',
    ...(mintedBlock === null ? ['positions made before'] : []),
    ...(burntAt === null ? [] : ['positions burnt']),
  ],
}

/** What came about in a wide world that it must not be without, to see that worlds are not too tame. */
export const remarkable = ({ values }: NaiveView): string[] =>
  values.flatMap(({ kind, value }) => remarks[kind]?.(value as Fields) ?? [])
