/**
 * Makes the artifacts from the packages that npm has: `node test/artifacts/make.ts FOLDER`, where FOLDER holds what
 * `npm pack` of the packages in README.md unpacks to, each in a folder of its package's name without the scope.
 */
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { brotliCompress, constants } from 'node:zlib'
import { keccak256 } from 'viem'
import type { Hex } from '#core/chain.ts'

type Artifact = { readonly abi: unknown; readonly bytecode: Hex }
type Build = { readonly abi: unknown; readonly bytecode: Hex | { readonly object: Hex } }

const V4 = {
  poolManager: 'v4-core/out/PoolManager.sol/PoolManager.json',
  quoter: 'v4-periphery/foundry-out/V4Quoter.sol/V4Quoter.json',
  stateView: 'v4-periphery/foundry-out/StateView.sol/StateView.json',
}
const SWAP_ROUTER_02 =
  'swap-router-contracts/artifacts/contracts/SwapRouter02.sol/SwapRouter02.json'

async function read(folder: string, path: string): Promise<Artifact> {
  const { abi, bytecode } = JSON.parse(await readFile(join(folder, path), 'utf8')) as Build
  const code = typeof bytecode === 'string' ? bytecode : bytecode.object
  process.stdout.write(`${keccak256(code)} ${path}\n`)
  return { abi, bytecode: code }
}

const folder = process.argv[2]
if (folder === undefined) throw new Error('Usage: node test/artifacts/make.ts FOLDER')

const v4: Record<string, Artifact> = {}
for (const [name, path] of Object.entries(V4)) v4[name] = await read(folder, path)
const packed = await promisify(brotliCompress)(JSON.stringify(v4), {
  params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
})
await writeFile(new URL('uniswap-v4.json.br', import.meta.url), packed)

const router = JSON.stringify(await read(folder, SWAP_ROUTER_02))
await writeFile(
  new URL('../../apps/devnet/swap-router-02.artifact.json', import.meta.url),
  `${router}\n`,
)
