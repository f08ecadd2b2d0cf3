import type { NaiveView } from '../oracle/naive-model.ts'

type Fields = Readonly<Record<string, string | number | bigint | boolean | null>>

const remarks: Readonly<Record<string, (value: Fields) => readonly string[]>> = {
  tokenSummary: ({ untoldReason, taxBlock }) => [
    ...(untoldReason === null ? ['balances told'] : [`balances untold: ${untoldReason}`]),
    ...(taxBlock === null ? [] : ['taxes on transfers']),
  ],
}

/** What came about in a wide world that it must not be without, to see that worlds are not too tame. */
export const remarkable = ({ values }: NaiveView): string[] =>
  values.flatMap(({ kind, value }) => remarks[kind]?.(value as Fields) ?? [])
