import { readFileSync } from 'node:fs'
import { keccak256 } from 'viem'
import { expect, test } from 'vitest'
import { type Artifact, forkArtifacts, v4Artifacts } from './load.ts'

test('the published builds are those whose hashes the README gives', () => {
  const readme = readFileSync(new URL('README.md', import.meta.url), 'utf8')
  const router = new URL('../../apps/devnet/swap-router-02.artifact.json', import.meta.url)
  const artifacts: Readonly<Record<string, Artifact>> = {
    PoolManager: v4Artifacts.poolManager,
    V4Quoter: v4Artifacts.quoter,
    StateView: v4Artifacts.stateView,
    'AlgebraFactory (V1)': forkArtifacts.algebraV1Factory,
    'AlgebraPoolDeployer (V1)': forkArtifacts.algebraV1Deployer,
    'AlgebraPool (V1)': forkArtifacts.algebraV1Pool,
    'AlgebraFactory (Integral)': forkArtifacts.integralFactory,
    'AlgebraPoolDeployer (Integral)': forkArtifacts.integralDeployer,
    'AlgebraPool (Integral)': forkArtifacts.integralPool,
    PancakeV3Factory: forkArtifacts.pancakeFactory,
    PancakeV3Pool: forkArtifacts.pancakePool,
    SwapRouter02: JSON.parse(readFileSync(router, 'utf8')) as Artifact,
  }
  for (const [name, { bytecode }] of Object.entries(artifacts)) {
    const row = readme.split('\n').find((line) => line.includes(`| ${name} |`))
    expect(row).toContain(keccak256(bytecode))
  }
})
