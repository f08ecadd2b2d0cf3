import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename } from 'node:path'

type SolcOutput = {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[]
  readonly contracts?: Readonly<
    Record<
      string,
      Readonly<
        Record<string, { readonly abi: unknown; readonly evm: { bytecode: { object: string } } }>
      >
    >
  >
}

/** Compiles one contract of a Solidity file to the text of its committed artifact: ABI and creation code. */
export function compileSolidity(path: string, contract: string): string {
  const solc = createRequire(import.meta.url)('solc') as { compile(input: string): string }
  const file = basename(path)
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: 'Solidity',
        sources: { [file]: { content: readFileSync(path, 'utf8') } },
        settings: {
          optimizer: { enabled: true, runs: 200 },
          evmVersion: 'paris',
          metadata: { bytecodeHash: 'none' },
          outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } },
        },
      }),
    ),
  ) as SolcOutput
  const compiled = output.contracts?.[file]?.[contract]
  if (!compiled)
    throw new Error(output.errors?.map(({ formattedMessage }) => formattedMessage).join('\n'))
  const { abi, evm } = compiled
  return `${JSON.stringify({ abi, bytecode: `0x${evm.bytecode.object}` }, null, 2)}\n`
}
