import { join } from 'node:path'
import {
  createTestClient,
  type Hex,
  http,
  keccak256,
  publicActions,
  toHex,
  walletActions,
} from 'viem'
import { privateKeyToAccount } from 'viem/accounts'
import { foundry } from 'viem/chains'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type Anvil, startAnvil } from '#devnet/anvil.ts'
import { contracts } from '#devnet/contracts.ts'
import type { Address } from '#core/chain.ts'
import { compileSolidity } from '../tools/solidity.ts'

const { abi, bytecode } = contracts.points
const role = (name: string): Hex => keccak256(toHex(name))
const [ADMIN, SPENDER, SIGNER, PAUSER] = ['ADMIN', 'SPENDER', 'SIGNER', 'PAUSER'].map(role) as [
  Hex,
  Hex,
  Hex,
  Hex,
]
const LATE = 2n ** 64n
const CHAIN_ID: number = foundry.id
const operation = (name: string): Hex => keccak256(toHex(name))
/** A key of this test alone. */
const signer = privateKeyToAccount(`0x${'5e'.repeat(32)}`)
const stranger = privateKeyToAccount(`0x${'5f'.repeat(32)}`)

test.each([
  ['points', 'Points', 'points'],
  ['token-points', 'Erc20Points', 'erc20-points'],
  ['token-points', 'Erc1155Points', 'erc1155-points'],
])('the artifact of %s.sol: %s is what its source compiles to', async (source, name, artifact) => {
  const folder = join(import.meta.dirname, '../../contracts')
  await expect(compileSolidity(join(folder, `${source}.sol`), name)).toMatchFileSnapshot(
    join(folder, `${artifact}.artifact.json`),
  )
})

describe('the points contract', () => {
  let anvil: Anvil
  let address: Address
  let chain: ReturnType<typeof connectTo>
  let admin: Address
  let spender: Address
  let user: Address
  let other: Address

  const connectTo = (url: string) =>
    createTestClient({ mode: 'anvil', chain: foundry, transport: http(url) })
      .extend(publicActions)
      .extend(walletActions)

  beforeAll(async () => {
    anvil = await startAnvil({})
    chain = connectTo(anvil.url)
    ;[admin, spender, user, other] = (await chain.getAddresses()) as [
      Address,
      Address,
      Address,
      Address,
    ]
  })
  afterAll(() => anvil.stop())

  beforeEach(async () => {
    address = await deploy()
    await send(admin, 'setRole', [SPENDER, spender, true])
    await send(admin, 'setRole', [SIGNER, signer.address, true])
    await send(admin, 'setRole', [PAUSER, admin, true])
  })

  async function deploy(): Promise<Address> {
    const hash = await chain.deployContract({ abi, bytecode, args: [admin], account: admin })
    const { contractAddress } = await mined(hash)
    return contractAddress as Address
  }
  /** Mined by hand: a node that mines by itself answers with the hash before there is a block. */
  async function mined(hash: Hex) {
    await chain.mine({ blocks: 1 })
    return chain.getTransactionReceipt({ hash })
  }
  /** Refused before it is sent where it would be refused on the chain. */
  async function send(from: Address, functionName: string, args: readonly unknown[]) {
    const { request } = await chain.simulateContract({
      address,
      abi,
      functionName,
      args,
      account: from,
    })
    const hash = await chain.writeContract(request)
    return mined(hash)
  }
  const spend = (name: string, from = spender, amount = 5n, deadline = LATE) =>
    send(from, 'spend', [operation(name), user, amount, deadline])
  const statusOf = (name: string) =>
    chain.readContract({ address, abi, functionName: 'statusOf', args: [operation(name)] })

  const sign = (
    name: string,
    by = signer,
    { chainId = CHAIN_ID, contract = address, amount = 5n, deadline = LATE } = {},
  ) =>
    by.signTypedData({
      domain: { name: 'Halyard Points', version: '1', chainId, verifyingContract: contract },
      types: {
        Voucher: [
          { name: 'operation', type: 'bytes32' },
          { name: 'account', type: 'address' },
          { name: 'amount', type: 'uint256' },
          { name: 'deadline', type: 'uint256' },
        ],
      },
      primaryType: 'Voucher',
      message: { operation: operation(name), account: user, amount, deadline },
    })
  const redeem = (name: string, signature: Hex, from = user, amount = 5n, deadline = LATE) =>
    send(from, 'redeem', [operation(name), user, amount, deadline, signature])

  test('spends an operation once, and says so in an event', async () => {
    const receipt = await spend('one')
    const [event] = await chain.getContractEvents({
      address,
      abi,
      eventName: 'Spent',
      fromBlock: receipt.blockNumber,
    })
    expect(event).toMatchObject({ args: { operation: operation('one'), amount: 5n, by: spender } })
    expect(await statusOf('one')).toBe(1)
    await expect(spend('one')).rejects.toThrow(/Used/)
    await expect(spend('one', spender, 6n)).rejects.toThrow(/Used/)
    await expect(redeem('one', await sign('one'))).rejects.toThrow(/Used/)
    await expect(send(spender, 'cancel', [operation('one')])).rejects.toThrow(/Used/)
  })

  test('never spends what was cancelled, by a spender or with a voucher', async () => {
    await send(spender, 'cancel', [operation('one')])
    expect(await statusOf('one')).toBe(2)
    await expect(spend('one')).rejects.toThrow(/Used/)
    await expect(redeem('one', await sign('one'))).rejects.toThrow(/Used/)
    await expect(send(spender, 'cancel', [operation('one')])).rejects.toThrow(/Used/)
    await expect(send(user, 'cancel', [operation('two')])).rejects.toThrow(/Missing/)
  })

  test('does nothing after the deadline, for nobody, and with nothing', async () => {
    const { timestamp } = await chain.getBlock()
    await expect(spend('one', spender, 5n, timestamp - 1n)).rejects.toThrow(/Late/)
    await expect(spend('one', user)).rejects.toThrow(/Missing/)
    await expect(spend('one', admin)).rejects.toThrow(/Missing/)
    await expect(spend('one', spender, 0n)).rejects.toThrow(/NoAmount/)
    const nobody = [operation('one'), `0x${'0'.repeat(40)}`, 5n, LATE]
    await expect(send(spender, 'spend', nobody)).rejects.toThrow(/NoAccount/)
    const unnamed = [`0x${'0'.repeat(64)}`, user, 5n, LATE]
    await expect(send(spender, 'spend', unnamed)).rejects.toThrow(/NoOperation/)
    expect(await statusOf('one')).toBe(0)
  })

  test('is paused and lifted by a pauser alone; what is cancelled meanwhile stays so', async () => {
    await expect(send(spender, 'setPaused', [true])).rejects.toThrow(/Missing/)
    await send(admin, 'setPaused', [true])
    await expect(spend('one')).rejects.toThrow(/IsPaused/)
    await expect(redeem('one', await sign('one'))).rejects.toThrow(/IsPaused/)
    await send(spender, 'cancel', [operation('two')])
    await send(admin, 'setPaused', [false])
    await spend('one')
    await expect(spend('two')).rejects.toThrow(/Used/)
  })

  test('gives roles by an admin alone, takes them back, and is never without an admin', async () => {
    await expect(send(spender, 'setRole', [SPENDER, other, true])).rejects.toThrow(/Missing/)
    await send(admin, 'setRole', [SPENDER, spender, false])
    await expect(spend('one')).rejects.toThrow(/Missing/)
    await expect(send(admin, 'setRole', [ADMIN, admin, false])).rejects.toThrow(/LastAdmin/)
    await send(admin, 'setRole', [ADMIN, other, true])
    await send(other, 'setRole', [ADMIN, admin, false])
    await expect(send(admin, 'setRole', [SPENDER, spender, true])).rejects.toThrow(/Missing/)
  })

  test('lets an account spend with a voucher of a signer, once', async () => {
    const voucher = await sign('one')
    await redeem('one', voucher)
    expect(await statusOf('one')).toBe(1)
    await expect(redeem('one', voucher)).rejects.toThrow(/Used/)
    await expect(spend('one')).rejects.toThrow(/Used/)
  })

  test('takes no voucher that is of somebody else, changed, late, forged, or for another contract or chain', async () => {
    const voucher = await sign('one')
    await expect(redeem('one', voucher, other)).rejects.toThrow(/NotYours/)
    await expect(redeem('one', voucher, user, 6n)).rejects.toThrow(/Missing/)
    await expect(redeem('two', voucher)).rejects.toThrow(/Missing/)
    await expect(redeem('one', await sign('one', stranger))).rejects.toThrow(/Missing/)
    const { timestamp: past } = await chain.getBlock()
    const late = await sign('one', signer, { deadline: past - 1n })
    await expect(redeem('one', late, user, 5n, past - 1n)).rejects.toThrow(/Late/)
    for (const elsewhere of [{ chainId: 1 }, { contract: other }])
      await expect(redeem('one', await sign('one', signer, elsewhere))).rejects.toThrow(/Missing/)
    expect(await statusOf('one')).toBe(0)
  })

  test('takes a signature in one form only', async () => {
    const voucher = await sign('one')
    const order = 0xfffffffffffffffffffffffffffffffebaaedce6af48a03bbfd25e8cd0364141n
    const s = order - BigInt(`0x${voucher.slice(66, 130)}`)
    const v = voucher.endsWith('1b') ? '1c' : '1b'
    const mirrored = `${voucher.slice(0, 66)}${s.toString(16).padStart(64, '0')}${v}` as Hex
    const odd: Hex[] = [mirrored, `${voucher.slice(0, -2)}00` as Hex, `${voucher}00` as Hex, '0x']
    for (const signature of odd)
      await expect(redeem('one', signature)).rejects.toThrow(/BadSignature/)
    await expect(redeem('one', `0x${'00'.repeat(64)}1b`)).rejects.toThrow(/BadSignature/)
  })
})
