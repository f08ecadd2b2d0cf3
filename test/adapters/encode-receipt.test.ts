import { type Input, RLP } from '@ethereumjs/rlp'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { encodeReceipt } from '#adapters/ethereumjs/encode-receipt.ts'
import type { Hex } from '#core/chain.ts'
import { LogBytes } from '#core/indexing/log-data.ts'
import type { Receipt } from '#core/indexing/ports.ts'

const bytesOf = (min: number, max = min): fc.Arbitrary<Hex> =>
  fc
    .uint8Array({ minLength: min, maxLength: max })
    .map((bytes): Hex => `0x${Buffer.from(bytes).toString('hex')}`)

/** Sizes on both sides of every border of a prefix. */
const data = fc.oneof(
  bytesOf(0, 2),
  bytesOf(54, 58),
  bytesOf(250, 260),
  fc.constantFrom<Hex>('0x00', '0x7f', '0x80', `0x${'ab'.repeat(70_000)}`),
)
const log = fc.record({
  address: bytesOf(20),
  topics: fc.array(bytesOf(32), { maxLength: 4 }),
  data,
})
const receipt = fc.record(
  {
    type: fc.constantFrom(0, 1, 2, 0x7b, 0x7e),
    status: fc.oneof(fc.constantFrom(0, 1), bytesOf(32)),
    cumulativeGasUsed: fc.oneof(fc.constantFrom(0, 127, 128, 255, 256), fc.maxSafeNat()),
    logsBloom: bytesOf(256),
    logs: fc.array(log, { maxLength: 4 }),
    deposit: fc.record({ nonce: fc.maxSafeNat(), version: fc.constantFrom(0, 1) }),
    baseFee: fc.bigInt(0n, 2n ** 100n),
  },
  { requiredKeys: ['type', 'status', 'cumulativeGasUsed', 'logsBloom', 'logs'] },
)

const logBytes = (bytes: Buffer): LogBytes =>
  new LogBytes(new DataView(bytes.buffer), bytes.byteOffset, bytes.length)

test('a receipt is encoded as a general RLP library encodes it', () => {
  const bytes = (hex: string): Buffer => Buffer.from(hex.slice(2), 'hex')
  fc.assert(
    fc.property(receipt, (each) => {
      const fields: Input[] = [
        typeof each.status === 'number' ? each.status : bytes(each.status),
        each.cumulativeGasUsed,
        bytes(each.logsBloom),
        each.logs.map((one) => [bytes(one.address), one.topics.map(bytes), bytes(one.data)]),
      ]
      if (each.deposit) fields.push(each.deposit.nonce, each.deposit.version)
      if (each.baseFee !== undefined) fields.push(each.baseFee)
      const expected = [...(each.type === 0 ? [] : [each.type]), ...RLP.encode(fields)]
      const encoded = encodeReceipt(each as unknown as Receipt)
      expect(Buffer.from(encoded).equals(Buffer.from(expected))).toBe(true)
      const asBytes = each.logs.map((one) => ({ ...one, data: logBytes(bytes(one.data)) }))
      const again = encodeReceipt({ ...each, logs: asBytes } as unknown as Receipt)
      expect(Buffer.from(again).equals(Buffer.from(expected))).toBe(true)
    }),
    { numRuns: 200 },
  )
})
