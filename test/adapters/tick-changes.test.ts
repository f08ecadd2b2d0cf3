import { expect, test } from 'vitest'
import { RpcFailure } from '#adapters/rpc/endpoint.ts'
import type { Rpc, Talk } from '#adapters/rpc/rpc.ts'
import { createRpcTickChanges } from '#adapters/rpc/tick-changes.ts'
import type { Hash } from '#core/chain.ts'
import { MINT_V3 } from '#core/dex/sources/uniswap-v3.ts'
import { addressOf } from '../fakes/encode.ts'

const hash = (id: number): Hash => `0x${id.toString(16).padStart(64, '0')}`
const block = { number: 7, hash: hash(7) }
const header = { hash: hash(7), parentHash: hash(6) }
const mint = (at = hash(7)) => ({
  address: addressOf(0x31),
  topics: [MINT_V3],
  data: '0x',
  blockNumber: '0x7',
  blockHash: at,
  transactionHash: hash(1),
  transactionIndex: '0x0',
  logIndex: '0x0',
})

const told = (...answers: readonly unknown[]) => {
  const node = { askEach: async () => structuredClone(answers) } as unknown as Talk
  const failing = { askEach: async () => answers } as unknown as Talk
  const isPlain = answers.every((answer) => !(answer instanceof RpcFailure))
  const rpc = {
    converse: async <T>(talk: (one: Talk) => Promise<T>) => ({
      value: await talk(isPlain ? node : failing),
      provider: '',
    }),
  } as unknown as Rpc
  return createRpcTickChanges(rpc).read(block)
}

test('a block tells the one before it, and the pools whose positions changed', async () => {
  expect(await told(header, [mint()])).toEqual({
    block,
    parentHash: hash(6),
    changed: new Set([addressOf(0x31)]),
  })
  expect((await told(header, []))?.changed.size).toBe(0)
})

test('what a node does not tell of a block is not known', async () => {
  const refused = new RpcFailure('refused', 'unknown block')
  expect(await told(header, refused)).toBeUndefined()
  expect(await told(refused, [])).toBeUndefined()
  expect(await told(null, [])).toBeUndefined()
  expect(await told(header, null)).toBeUndefined()
  expect(await told({ ...header, hash: hash(8) }, [])).toBeUndefined()
  expect(await told(header, [mint(hash(8))])).toBeUndefined()
})
