import { existsSync, readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { basename, dirname, join } from 'node:path'
import type { Abi } from 'viem'
import type { Hex } from '#core/chain.ts'

type Code = { readonly object: string }

type Compiled = {
  readonly abi: unknown
  readonly evm: { readonly bytecode: Code; readonly deployedBytecode: Code }
}

type SolcOutput = {
  readonly errors?: readonly { readonly severity: string; readonly formattedMessage: string }[]
  readonly contracts?: Readonly<Record<string, Readonly<Record<string, Compiled>>>>
}

/** The text of a contract's committed artifact: ABI and creation code. */
export function compileSolidity(path: string, contract: string): string {
  const { abi, evm } = compile(path, contract)
  return `${JSON.stringify({ abi, bytecode: `0x${evm.bytecode.object}` }, null, 2)}\n`
}

/** The text of the committed artifact of a contract that is never deployed: its code as it runs. */
export const compileLent = (path: string, contract: string): string =>
  `${JSON.stringify({ runtime: `0x${compile(path, contract).evm.deployedBytecode.object}` }, null, 2)}\n`

/** Every contract of a file that can be deployed, by name. */
export function compileAll(path: string): Record<string, { abi: Abi; bytecode: Hex }> {
  return Object.fromEntries(
    Object.entries(compileFile(path)).flatMap(([name, { abi, evm }]) =>
      evm.bytecode.object === ''
        ? []
        : [[name, { abi: abi as Abi, bytecode: `0x${evm.bytecode.object}` }]],
    ),
  )
}

function compile(path: string, contract: string): Compiled {
  const compiled = compileFile(path)[contract]
  if (!compiled) throw new Error(`${path} has no contract ${contract}`)
  return compiled
}

/** A file is compiled once: it takes seconds. */
const compiledFiles = new Map<string, Readonly<Record<string, Compiled>>>()

function compileFile(path: string): Readonly<Record<string, Compiled>> {
  const known = compiledFiles.get(path)
  if (known) return known
  const require = createRequire(import.meta.url)
  const solc = createRequire(import.meta.url)('solc') as {
    compile(input: string, options: { import(path: string): { contents: string } }): string
  }
  const file = basename(path)
  /** A neighbour, or a source of a package. */
  const find = (name: string): string => {
    const neighbour = join(dirname(path), name)
    return existsSync(neighbour) ? neighbour : require.resolve(name)
  }
  const output = JSON.parse(
    solc.compile(
      JSON.stringify({
        language: 'Solidity',
        sources: { [file]: { content: readFileSync(path, 'utf8') } },
        settings: {
          optimizer: { enabled: true, runs: 200 },
          evmVersion: 'paris',
          metadata: { bytecodeHash: 'none' },
          outputSelection: {
            '*': { '*': ['abi', 'evm.bytecode.object', 'evm.deployedBytecode.object'] },
          },
        },
      }),
      { import: (name) => ({ contents: readFileSync(find(name), 'utf8') }) },
    ),
  ) as SolcOutput
  const compiled = output.contracts?.[file]
  if (!compiled)
    throw new Error(output.errors?.map(({ formattedMessage }) => formattedMessage).join('\n'))
  compiledFiles.set(path, compiled)
  return compiled
}
