import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compileSolidity } from './tools/solidity.ts'

test('the load of the indexing benchmark is what its source compiles to', async () => {
  const folder = join(import.meta.dirname, '../bench')
  await expect(compileSolidity(join(folder, 'swap-load.sol'), 'SwapLoad')).toMatchFileSnapshot(
    join(folder, 'swap-load.artifact.json'),
  )
})
