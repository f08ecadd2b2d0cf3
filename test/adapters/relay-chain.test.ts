import { expect, test } from 'vitest'
import { AbiCoder, id } from 'ethers'
import { createEthersRelayChain, type NodeCall } from '#adapters/ethers/relay-chain.ts'
import type { Address, Hash } from '#core/chain.ts'

const contract: Address = `0x${'c0'.repeat(20)}`
const [old, fresh]: Hash[] = [`0x${'01'.repeat(32)}`, `0x${'02'.repeat(32)}`]
const hash = `0x${'bb'.repeat(32)}`
const finalHash = `0x${'fa'.repeat(32)}`
const HEAD = 9_000_000
const word = (value: number): string => `0x${value.toString(16).padStart(64, '0')}`

type Filter = { readonly fromBlock: string; readonly toBlock: string }

/** One node, whose contract has spent `old` in the block `at`. */
function nodeWith(at: number, made = 0) {
  const searched: { from: number; to: number }[] = []
  const answer = ({ method, params }: NodeCall): unknown => {
    if (method === 'eth_getBlockByNumber')
      return params[0] === 'latest'
        ? { number: `0x${HEAD.toString(16)}`, hash, timestamp: '0x64' }
        : { number: `0x${(HEAD - 64).toString(16)}`, hash: finalHash, timestamp: '0x32' }
    if (method === 'eth_call') {
      const { blockHash } = params[1] as { blockHash: string }
      if ((blockHash === hash ? HEAD : HEAD - 64) < made) return '0x'
      const { data } = params[0] as { data: string }
      return word(data.includes((old as string).slice(2)) ? 1 : 0)
    }
    const { fromBlock, toBlock } = params[0] as Filter
    const range = { from: Number(fromBlock), to: Number(toBlock) }
    searched.push(range)
    if (at < range.from || at > range.to) return []
    const data = AbiCoder.defaultAbiCoder().encode(['uint256', 'address'], [30n, contract])
    const topics = [id('Spent(bytes32,address,uint256,address)'), old, word(0xa1)]
    const block = { blockNumber: `0x${at.toString(16)}`, blockHash: hash }
    return [{ topics, data, transactionHash: hash, ...block }]
  }
  const ask = async (calls: readonly NodeCall[]) => calls.map((call) => ({ result: answer(call) }))
  const chain = createEthersRelayChain(
    { count: 1, survey: async (talk) => [await talk(ask)], first: (talk) => talk(ask) },
    { contract, startBlock: 0, finality: 'finalized' },
  )
  const look = async () => {
    const asks = [old, fresh].map((operation) => ({
      operation: operation as Hash,
      transactions: [],
      fromBlock: HEAD - 100,
    }))
    return (await chain.look(asks, []))[0]?.operations
  }
  return { look, searched }
}

test('the event of a spend from before a restore is looked for back from where it is likely', async () => {
  const { look, searched } = nodeWith(HEAD - 3_000)
  expect(await look()).toMatchObject([
    { final: 'spent', event: { blockNumber: HEAD - 3_000, amountRaw: 30n } },
    { final: 'none', event: null },
  ])
  expect(searched.length).toBeLessThan(5)
})

test('an event that is too far back to be found concerns its own spend alone', async () => {
  const { look } = nodeWith(1)
  expect(await look()).toMatchObject([null, { latest: 'none', final: 'none' }])
})

test('a contract that is newer than the final block has spent nothing by then', async () => {
  const { look } = nodeWith(HEAD, HEAD - 5)
  expect(await look()).toMatchObject([
    { latest: 'spent', final: 'none', event: null },
    { latest: 'none', final: 'none' },
  ])
  await expect(nodeWith(HEAD, HEAD + 1).look()).rejects.toThrow(/relay.contract gives no status/)
})
