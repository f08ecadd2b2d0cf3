import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compileLent } from '../tools/solidity.ts'

test.each([
  ['lens', 'Lens'],
  ['pool-router', 'PoolRouter'],
])(
  'the code of %s.sol, lent for a call, is what its source compiles to',
  async (file, contract) => {
    const path = join(import.meta.dirname, '../../adapters/rpc', file)
    await expect(compileLent(`${path}.sol`, contract)).toMatchFileSnapshot(`${path}.artifact.json`)
  },
)
