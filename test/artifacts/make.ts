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
const FORKS = {
  algebraV1Factory: 'v1-core/artifacts/contracts/AlgebraFactory.sol/AlgebraFactory.json',
  algebraV1Deployer: 'v1-core/artifacts/contracts/AlgebraPoolDeployer.sol/AlgebraPoolDeployer.json',
  algebraV1Pool: 'v1-core/artifacts/contracts/AlgebraPool.sol/AlgebraPool.json',
  integralFactory: 'integral-core/artifacts/contracts/AlgebraFactory.sol/AlgebraFactory.json',
  integralDeployer:
    'integral-core/artifacts/contracts/AlgebraPoolDeployer.sol/AlgebraPoolDeployer.json',
  integralPool: 'integral-core/artifacts/contracts/AlgebraPool.sol/AlgebraPool.json',
  pancakeFactory: 'v3-core/artifacts/contracts/PancakeV3Factory.sol/PancakeV3Factory.json',
  pancakePool: 'v3-core/artifacts/contracts/PancakeV3Pool.sol/PancakeV3Pool.json',
}
const SWAP_ROUTER_02 =
  'swap-router-contracts/artifacts/contracts/SwapRouter02.sol/SwapRouter02.json'

async function read(at: string, path: string): Promise<Artifact> {
  const { abi, bytecode } = JSON.parse(await readFile(join(at, path), 'utf8')) as Build
  const code = typeof bytecode === 'string' ? bytecode : bytecode.object
  process.stdout.write(`${keccak256(code)} ${path}\n`)
  return { abi, bytecode: code }
}

const folder = process.argv[2]
if (folder === undefined) throw new Error('Usage: node test/artifacts/make.ts FOLDER')

async function pack(
  name: string,
  at: string,
  paths: Readonly<Record<string, string>>,
): Promise<void> {
  const artifacts: Record<string, Artifact> = {}
  for (const [each, path] of Object.entries(paths)) artifacts[each] = await read(at, path)
  const packed = await promisify(brotliCompress)(JSON.stringify(artifacts), {
    params: { [constants.BROTLI_PARAM_QUALITY]: constants.BROTLI_MAX_QUALITY },
  })
  await writeFile(new URL(name, import.meta.url), packed)
}

await pack('uniswap-v4.json.br', folder, V4)
await pack('forks.json.br', folder, FORKS)

const router = JSON.stringify(await read(folder, SWAP_ROUTER_02))
await writeFile(
  new URL('../../apps/devnet/swap-router-02.artifact.json', import.meta.url),
  `${router}\n`,
)
