import { type Address, type Hex, isAddress, ZERO_ADDRESS } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import type { ContractCodes } from '#core/indexing/review-sources.ts'
import { RpcFailure } from './endpoint.ts'
import type { Rpc } from './rpc.ts'

/** EIP-1967: where an upgradeable proxy keeps the address of its code. */
const IMPLEMENTATION = '0x360894a13ba1a3210667c828492db98dca3e2076cc3735a920a3ca505d382bbc'
/** EIP-1167: the code of a clone, around the address of what it runs. */
const CLONE = /^0x363d3d373d3d3d363d73([0-9a-f]{40})5af43d82803e903d91602b57fd5bf3/

/** The code of contracts, by `eth_getCode`. */
export function createRpcContractCodes(rpc: Rpc): ContractCodes {
  const ask = async (method: string, lists: readonly (readonly string[])[]): Promise<Hex[]> => {
    if (lists.length === 0) return []
    const calls = lists.map((params) => ({ method, params }))
    const { value } = await rpc.call(calls, (results) =>
      results.map((result) => {
        if (typeof result !== 'string' || !/^0x[0-9a-f]*$/i.test(result))
          throw new RpcFailure('bad-answer', `${method}: not bytes`)
        return result.toLowerCase() as Hex
      }),
    )
    return value
  }
  const codesOf = (addresses: readonly Address[]): Promise<Hex[]> =>
    ask(
      'eth_getCode',
      addresses.map((address) => [address, 'latest']),
    )

  /** Whose code a proxy runs; the address itself for all others. */
  async function behind(address: Address, code: Hex): Promise<Address> {
    if (code === '0x') return address
    const clone = CLONE.exec(code)?.[1]
    if (clone) return `0x${clone}`
    const [word = '0x'] = await ask('eth_getStorageAt', [[address, IMPLEMENTATION, 'latest']])
    const target: Address = `0x${word.slice(-40)}`
    return isAddress(target) && target !== ZERO_ADDRESS ? target : address
  }

  return {
    async read(addresses) {
      const own = await codesOf(addresses)
      const targets = await Promise.all(
        addresses.map((address, index) => behind(address, own[index] ?? '0x')),
      )
      const moved = targets.filter((target, index) => target !== addresses[index])
      const others = await codesOf(moved)
      return targets.map((target, index) =>
        target === addresses[index]
          ? (own[index] ?? '0x')
          : (others[moved.indexOf(target)] ?? own[index] ?? '0x'),
      )
    },
    async wasThere(address, block) {
      try {
        const [code] = await ask('eth_getCode', [[address, `0x${block.toString(16)}`]])
        return code !== '0x'
      } catch (error) {
        // Old states are kept by archive nodes alone.
        if (isAppError(error, 'unavailable')) return undefined
        throw error
      }
    },
  }
}
