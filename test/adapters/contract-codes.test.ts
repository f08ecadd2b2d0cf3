import { expect, test } from 'vitest'
import { createRpcContractCodes } from '#adapters/rpc/contract-codes.ts'
import type { Rpc } from '#adapters/rpc/rpc.ts'
import type { Address } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import { addressOf } from '../fakes/encode.ts'

const [plain, clone, upgradeable, code, nobody] = [1, 2, 3, 4, 5].map(addressOf) as [
  Address,
  Address,
  Address,
  Address,
  Address,
]
const codes: Readonly<Record<Address, string>> = {
  [plain]: '0x6001',
  [clone]: `0x363d3d373d3d3d363d73${code.slice(2)}5af43d82803e903d91602b57fd5bf3`,
  [upgradeable]: '0x6002',
  [code]: '0x6003',
}

/** A node that knows no block below 100. */
const rpc = {
  call: async (
    calls: readonly { method: string; params: readonly string[] }[],
    accept: (results: unknown[]) => unknown,
  ) => {
    const results = calls.map(({ method, params: [address, place] }) => {
      if (method === 'eth_getStorageAt')
        return `0x${(address === upgradeable ? code : '').replace('0x', '').padStart(64, '0')}`
      if (place !== 'latest' && Number(place) < 100) throw new AppError('unavailable', 'pruned')
      return codes[address as Address] ?? '0x'
    })
    return { value: accept(results) }
  },
} as unknown as Rpc

test('the code of a proxy is that which it runs', async () => {
  const read = await createRpcContractCodes(rpc).read([plain, clone, upgradeable, nobody])
  expect(read).toEqual(['0x6001', '0x6003', '0x6003', '0x'])
})

test('whether a contract was there before is told where the node keeps that block', async () => {
  const { wasThere } = createRpcContractCodes(rpc)
  expect(await wasThere(plain, 200)).toBe(true)
  expect(await wasThere(nobody, 200)).toBe(false)
  expect(await wasThere(plain, 99)).toBeUndefined()
})
