import { RLP } from '@ethereumjs/rlp'
import { describe, expect, test } from 'vitest'
import { createHeaderHash } from '#adapters/ethereumjs/header-hash.ts'
import { keccak } from '#adapters/hash-wasm/keccak.ts'

const zeros = (bytes: number): `0x${string}` => `0x${'0'.repeat(bytes * 2)}`
const EMPTY_ROOT = '0x56e81f171bcc55a6ff8345e692c0f86e5b48e01b996cadc001622fb5e363b421'

/** Block 58,119,344 of Avalanche's test network Fuji, as its nodes tell it. */
const fuji = {
  parentHash: '0xe302872603a4b17cccf55382136ce7896c29f456af02d3516e1eed86940644bd',
  sha3Uncles: '0x1dcc4de8dec75d7aab85b567b6ccd41ad312451b948a7413f0a142fd40d49347',
  miner: '0x0100000000000000000000000000000000000000',
  stateRoot: '0xbbf0376bd9dc162ccb8fc42ad5cbd43629fdb9a3d8635d3782c90261d8b86e4d',
  transactionsRoot: '0xe45852a5b1cf9215d1397e88fa69a21a47021073bb795e342dfb2f3ec90f3f8d',
  receiptsRoot: EMPTY_ROOT,
  logsBloom: zeros(256),
  difficulty: '0x1',
  number: '0x376d4b0',
  gasLimit: '0x1e84800',
  gasUsed: '0x5208',
  timestamp: '0x6a971378',
  extraData: '0x000000000000',
  mixHash: zeros(32),
  nonce: zeros(8),
  extDataHash: EMPTY_ROOT,
  baseFeePerGas: '0xa',
  extDataGasUsed: '0x0',
  blockGasCost: '0x0',
  blobGasUsed: '0x0',
  excessBlobGas: '0x0',
  parentBeaconBlockRoot: zeros(32),
  timestampMilliseconds: '0x1a05e240f88',
  minDelayExcess: '0x6cd69c',
  targetExponent: '0xf0a451',
  minPriceExponent: '0xd49a784bcd1b8b0',
  settledHeight: '0x376d4ae',
  settledGasUnix: '0x6a971370',
  settledGasNumerator: '0x83720',
  settledExcess: '0x131b81f7',
}
const FUJI_HASH = '0x1247d516b404bd6fdc5851d6a3b46c35a5de2f7f2ab12eae8d2db81dc7e5d6d9'

describe('headers', () => {
  test('of Avalanche’s C-chain hash with all of their fields', () => {
    const hash = createHeaderHash(keccak, 'avalanche')
    expect(hash(fuji)).toBe(FUJI_HASH)
    for (const name of Object.keys(fuji))
      expect(hash({ ...fuji, [name]: '0x1234' })).not.toBe(FUJI_HASH)
    expect(createHeaderHash(keccak)(fuji)).not.toBe(FUJI_HASH)
  })

  test('of AuRa hash with step and signature in the place of mixHash and nonce', () => {
    const signature = `0x${'5a'.repeat(65)}`
    const { mixHash, nonce, extDataHash, ...common } = fuji
    const header = { ...common, baseFeePerGas: undefined, step: '341245678', signature }
    const order =
      'parentHash sha3Uncles miner stateRoot transactionsRoot receiptsRoot logsBloom difficulty number gasLimit gasUsed timestamp extraData'.split(
        ' ',
      )
    const values = order.map((name) => {
      const hex = common[name as keyof typeof common]
      return ['difficulty', 'number', 'gasLimit', 'gasUsed', 'timestamp'].includes(name)
        ? Number(hex)
        : Buffer.from(hex.slice(2), 'hex')
    })
    const encoded = RLP.encode([...values, 341_245_678, Buffer.from(signature.slice(2), 'hex')])
    const expected = keccak(`0x${Buffer.from(encoded).toString('hex')}`)
    const hash = createHeaderHash(keccak, 'aura')
    expect(hash(header)).toBe(expected)
    expect(hash({ ...header, step: 341_245_678 })).toBe(expected)
    expect(hash({ ...header, step: `0x${(341_245_678).toString(16)}` })).toBe(expected)
    // Since the merge they have the usual seal, and hash as Ethereum's.
    expect(hash({ ...fuji, mixHash, nonce, extDataHash })).toBe(createHeaderHash(keccak)(fuji))
  })

  test('below the first block of their form are not said to hash to anything', () => {
    const hash = createHeaderHash(keccak, 'ethereum', Number(fuji.number) + 1)
    expect(hash(fuji)).toBeNull()
    expect(createHeaderHash(keccak, 'ethereum', Number(fuji.number))(fuji)).not.toBeNull()
  })
})
