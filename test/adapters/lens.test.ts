import { join } from 'node:path'
import { expect, test } from 'vitest'
import { compileLent } from '../tools/solidity.ts'

test('the code that is lent for a call is what its source compiles to', async () => {
  const folder = join(import.meta.dirname, '../../adapters/rpc')
  await expect(compileLent(join(folder, 'lens.sol'), 'Lens')).toMatchFileSnapshot(
    join(folder, 'lens.artifact.json'),
  )
})
