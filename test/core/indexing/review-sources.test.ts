import { expect, test } from 'vitest'
import { contracts } from '#devnet/contracts.ts'
import { catalogue } from '#core/catalogue.ts'
import type { Address, Hex } from '#core/chain.ts'
import { SWAP_V3 } from '#core/dex/sources/uniswap-v3.ts'
import { type ContractCodes, reviewSources } from '#core/indexing/review-sources.ts'
import type { AnySource, SourceSpec } from '#core/indexing/source.ts'
import { addressOf } from '../../fakes/encode.ts'

const at = addressOf(0xc0de)

/** What is said of a source whose contract has this code, from a block on. */
async function reviewed(kind: string, code: Hex, more: object = {}, createdAt = 0) {
  const codes: ContractCodes = {
    read: async (addresses) => addresses.map(() => code),
    wasThere: async (_address: Address, block) => block >= createdAt,
  }
  const source = { kind, factory: at, address: at, startBlock: null, ...more } as AnySource
  return (await reviewSources(codes, catalogue, [source])).map(({ message }) => message)
}

const [v2, v3] = [contracts.v2Factory.bytecode, contracts.v3Factory.bytecode]
const [nft, multi, token] = [contracts.collection, contracts.multiToken, contracts.presetToken].map(
  (each) => each.bytecode,
) as [Hex, Hex, Hex]

test('nothing is said of contracts that are what their source says', async () => {
  expect(await reviewed('uniswap-v2', v2)).toEqual([])
  expect(await reviewed('uniswap-v3', v3)).toEqual([])
  expect(await reviewed('erc721', nft)).toEqual([])
  expect(await reviewed('erc1155', multi)).toEqual([])
  // A proxy of an unknown kind tells nothing.
  expect(await reviewed('erc721', '0x363d3d37')).toEqual([])
})

test('a source whose contract is another one is warned of, with what it looks like', async () => {
  expect(await reviewed('uniswap-v2', v3)).toEqual([expect.stringContaining('uniswap-v3')])
  expect(await reviewed('uniswap-v3', v2)).toEqual([expect.stringContaining('uniswap-v2')])
  expect(await reviewed('erc721', multi)).toEqual([expect.stringContaining('erc1155')])
  expect(await reviewed('erc1155', nft)).toEqual([expect.stringContaining('erc721')])
  expect(await reviewed('erc721', token)).toEqual([expect.stringContaining('ERC-20')])
  expect(await reviewed('uniswap-v2', token)).toEqual([expect.stringContaining('erc721')])
  expect(await reviewed('erc721', '0x')).toEqual([expect.stringContaining('no contract')])
})

test('a kind whose entries say more than an address is suggested to nobody', async () => {
  const erc721 = catalogue.sources.get('erc721') as SourceSpec
  /** Of the same events, in the manner of a kind that is configured by them. */
  const named: SourceSpec<AnySource & { readonly names: readonly string[] }> = {
    kind: 'named',
    needsMore: true,
    contractOf: (source) => ({ ...erc721.contractOf(source), names: source.names.length }),
  }
  const sources = new Map([
    ['named', named as SourceSpec],
    ['erc721', erc721],
    ['erc1155', catalogue.sources.get('erc1155') as SourceSpec],
  ])
  const codes: ContractCodes = { read: async () => [nft], wasThere: async () => true }
  const source = { kind: 'erc1155', address: at, startBlock: null } as AnySource
  const [warning] = await reviewSources(codes, { sources }, [source])
  expect(warning?.message).toMatch(/looks like erc721$/)
})

test('a fork whose pools tell swaps by an event that is not read is warned of', async () => {
  const fork = v3.replaceAll(SWAP_V3.slice(2), '12'.repeat(32)) as Hex
  expect(await reviewed('uniswap-v3', fork)).toEqual([expect.stringContaining('swaps')])
  const pool = { protocol: 'uniswap-v3', token0: at, token1: at, feePips: 500 }
  expect(await reviewed('pool', fork, pool)).toEqual([expect.stringContaining('swaps')])
})

test('a start after the creation is warned of', async () => {
  expect(await reviewed('uniswap-v3', v3, { startBlock: 10 }, 10)).toEqual([])
  expect(await reviewed('uniswap-v3', v3, { startBlock: 11 }, 10)).toEqual([
    expect.stringContaining('startBlock 11'),
  ])
})
