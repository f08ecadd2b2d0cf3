import { join } from 'node:path'
import {
  type Abi,
  encodeDeployData,
  encodeFunctionData,
  keccak256,
  toFunctionSelector,
  toHex,
  zeroAddress,
} from 'viem'
import { afterAll, beforeAll, beforeEach, describe, expect, test, vi } from 'vitest'
import type { Address, Hash } from '#core/chain.ts'
import { createLedgerClerk } from '#core/ledger/clerk.ts'
import { auditLedger } from '#core/ledger/audit.ts'
import { readOperation } from '#core/relay/read-operation.ts'
import { reconcile } from '#core/relay/reconcile.ts'
import { createRelay } from '#core/relay/run-relay.ts'
import { type ContractName, contracts } from '#devnet/contracts.ts'
import { compileAll } from '../tools/solidity.ts'
import type { PointsChain } from './points-chain.ts'
import { balance, FINALITY, fund, openApp, openRelayRig, spend, stateOf } from './relay-rig.ts'

vi.setConfig({ testTimeout: 60_000, hookTimeout: 60_000 })

const SINK: Address = `0x${'0'.repeat(36)}dead`
/** Units of the token that are one point. */
const UNIT = 10n ** 6n
const ID = 7n

let rig: Awaited<ReturnType<typeof openRelayRig>>
let world: PointsChain
beforeAll(async () => {
  rig = await openRelayRig()
  ;({ world } = rig)
})
afterAll(() => rig.close())

/** A points contract over a token, of which the user has as much as 50 points. */
type TokenWorld = {
  readonly contract: Address
  /** Lets the contract move that many points from the next block on; 0 takes it back. */
  allow(points: bigint): Promise<Hash>
  /** In points. */
  balanceOf(account: Address): Promise<bigint>
}

async function send(
  [name, to]: readonly [ContractName, Address],
  from: Address,
  functionName: string,
  args: readonly unknown[],
): Promise<Hash> {
  const data = encodeFunctionData({ abi: contracts[name].abi, functionName, args })
  return world.chain.sendTransaction({ to, account: from, data, gas: 200_000n })
}

async function openErc20(): Promise<TokenWorld> {
  const { admin, user } = world
  const token = await world.deploy('token', ['Points', 'PTS', 6, 50n * UNIT, user])
  const contract = await world.deploy('erc20Points', [admin, token, SINK, UNIT])
  await world.letSpend(contract)
  await world.mine()
  return {
    contract,
    allow: (points) => send(['token', token], user, 'approve', [contract, points * UNIT]),
    async balanceOf(account) {
      const { abi } = contracts.token
      const of = { address: token, abi, functionName: 'balanceOf', args: [account] }
      return ((await world.chain.readContract(of)) as bigint) / UNIT
    },
  }
}

async function openErc1155(): Promise<TokenWorld> {
  const { admin, user } = world
  const token = await world.deploy('multiToken', ['https://points.example/{id}'])
  await send(['multiToken', token], admin, 'mint', [user, ID, 50n * UNIT, '0x'])
  const contract = await world.deploy('erc1155Points', [admin, token, ID, SINK, UNIT])
  await world.letSpend(contract)
  await world.mine()
  return {
    contract,
    allow: (points) =>
      send(['multiToken', token], user, 'setApprovalForAll', [contract, points > 0n]),
    async balanceOf(account) {
      const { abi } = contracts.multiToken
      const of = { address: token, abi, functionName: 'balanceOf', args: [account, ID] }
      return ((await world.chain.readContract(of)) as bigint) / UNIT
    },
  }
}

describe.each([
  ['an ERC-20', openErc20],
  ['an ERC-1155', openErc1155],
])('points that are %s', (_, open) => {
  let token: TokenWorld
  let user: Address

  beforeEach(async () => {
    token = await open()
    user = world.user.toLowerCase() as Address
  })

  const openTokenApp = async (relay: object = {}) => {
    const app = await openApp(rig.configOf({ contract: token.contract, ...relay }))
    await fund(app, 'alice', 100n)
    return app
  }
  const tokens = async () => [await token.balanceOf(user), await token.balanceOf(SINK)]

  test('are moved by a spend, with the entry that settles it, once', async () => {
    await using app = await openTokenApp()
    await token.allow(50n)
    await world.mine()
    await spend(app, 'one', 30n, 'relayed', user)
    await app.relay.round()
    expect(await balance(app)).toEqual({ available: 70n, held: 30n })
    await world.mine()
    expect(await tokens()).toEqual([20n, 30n])
    await rig.settleAll(app)
    expect(await stateOf(app, 'one')).toBe('settled')
    expect(await spend(app, 'one', 30n, 'relayed', user)).toMatchObject({ isReplay: true })
    await rig.settleAll(app)
    expect(await tokens()).toEqual([20n, 30n])
    expect(await balance(app)).toEqual({ available: 70n, held: 0n })
    const { ports, policy } = app
    const report = await reconcile(ports, policy, { actor: 'tester', isRepair: false })
    expect(report).toMatchObject({ events: 1, differences: [] })
    expect(await auditLedger(ports, policy.ledger)).toMatchObject({ breaches: [] })
  })

  test('are moved by a voucher that the account sends itself, once', async () => {
    await using app = await openTokenApp()
    await token.allow(50n)
    await world.mine()
    await spend(app, 'mine', 30n, 'voucher', user)
    await app.relay.round()
    const { operation, deadlineS, voucher } = await readOperation(app.ports, 31_337, 'tests/mine')
    const args = [operation, user, 30n, deadlineS, voucher]
    for (let time = 0; time < 2; time++)
      await send(['erc20Points', token.contract], user, 'redeem', args)
    await world.mine()
    await rig.settleAll(app)
    expect(await stateOf(app, 'mine')).toBe('settled')
    expect(await tokens()).toEqual([20n, 30n])
  })

  test('are not moved where the account allows it not or has too few: nothing is signed, and the points come back', async () => {
    await using app = await openTokenApp({ leaseSeconds: 10 })
    await spend(app, 'one', 30n, 'relayed', user)
    await spend(app, 'two', 60n, 'relayed', user)
    await app.relay.round()
    for (const [key, reason] of [
      ['one', /NotAllowed/],
      ['two', /TooFewTokens/],
    ] as const)
      expect(await readOperation(app.ports, 31_337, `tests/${key}`)).toMatchObject({
        state: 'held',
        slot: null,
        waitsFor: expect.stringMatching(reason),
      })
    const clock = { ...app.ports.clock, nowMs: () => Date.now() + 11_000 }
    const clerk = createLedgerClerk({ ...app.ports, clock }, app.policy.ledger)
    await createRelay({ ...app.ports, clock, clerk }, app.policy).round()
    for (const key of ['one', 'two']) expect(await stateOf(app, key)).toBe('voided')
    expect(await balance(app)).toEqual({ available: 100n, held: 0n })
    expect(await tokens()).toEqual([50n, 0n])
  })

  test('come back when the account takes its leave away behind the signature, and that is final', async () => {
    await using app = await openTokenApp()
    await token.allow(50n)
    await world.mine()
    await spend(app, 'one', 30n, 'relayed', user)
    await app.relay.round()
    expect(await stateOf(app, 'one')).toBe('sent')
    // Nodes forget the spend, and are given it again behind the other.
    await world.chain.request({ method: 'anvil_dropAllTransactions' } as never)
    await token.allow(0n)
    await using next = await openApp(rig.lastConfig())
    await next.relay.round()
    await world.mine()
    expect(await tokens()).toEqual([50n, 0n])
    await app.relay.round()
    expect(await balance(app)).toEqual({ available: 70n, held: 30n })
    await rig.settleAll(app)
    expect(await readOperation(app.ports, 31_337, 'tests/one')).toMatchObject({
      state: 'voided',
      verdict: { kind: 'void', cause: 'reverted' },
    })
    expect(await balance(app)).toEqual({ available: 100n, held: 0n })
    expect(await tokens()).toEqual([50n, 0n])
  })

  test('are moved once where the block is taken back', async () => {
    await using app = await openTokenApp()
    await token.allow(50n)
    await world.mine()
    await world.mine(FINALITY)
    await spend(app, 'one', 30n, 'relayed', user)
    await app.relay.round()
    await world.mine()
    await app.relay.round()
    expect(await stateOf(app, 'one')).toBe('mined')
    await world.chain.request({ method: 'anvil_reorg', params: [2, []] } as never)
    await world.chain.request({ method: 'anvil_dropAllTransactions' } as never)
    expect(await tokens()).toEqual([50n, 0n])
    await using next = await openApp(rig.lastConfig())
    await next.relay.round()
    await rig.settleAll(next)
    expect(await stateOf(next, 'one')).toBe('settled')
    expect(await tokens()).toEqual([20n, 30n])
    expect(await balance(next)).toEqual({ available: 70n, held: 0n })
  })
})

describe('a points contract over a token', () => {
  const [code] = Object.values(compileAll(join(import.meta.dirname, 'odd-points.sol'))) as [
    { abi: Abi; bytecode: `0x${string}` },
  ]

  /** What becomes of a spend of 100 with an ERC-20 that moves tokens in such a way. */
  async function spendWith(way: number, sink: Address = SINK) {
    const { chain, admin, user } = world
    const args = [way, user, 1_000n]
    const hash = await chain.deployContract({ ...code, args, account: admin })
    await world.mine()
    const token = (await chain.getTransactionReceipt({ hash })).contractAddress as Address
    const approve = { address: token, abi: code.abi, functionName: 'approve' }
    const contract = await world.deploy('erc20Points', [admin, token, sink, 1n])
    await chain.writeContract({ ...approve, args: [contract, 1_000n], account: user })
    const of = { address: contract, abi: contracts.erc20Points.abi, account: admin }
    const spender = [keccak256(toHex('SPENDER')), admin, true]
    await chain.writeContract({ ...of, functionName: 'setRole', args: spender })
    await world.mine()
    const operation = keccak256(toHex(`odd ${way}`))
    const call = { ...of, functionName: 'spend', args: [operation, user, 100n, 2n ** 64n] }
    await chain.simulateContract(call)
    await chain.writeContract(call)
    await world.mine()
    return chain.readContract({ ...of, functionName: 'statusOf', args: [operation] })
  }

  test('takes one that answers nothing, and none that says no, keeps a part or refuses', async () => {
    expect(await spendWith(0)).toBe(1)
    await expect(spendWith(1)).rejects.toThrow(/NotMoved/)
    await expect(spendWith(2)).rejects.toThrow(/NotMoved/)
    await expect(spendWith(3)).rejects.toThrow(/not today/)
    // Whose tokens end where they were has spent nothing.
    await expect(spendWith(0, world.user)).rejects.toThrow(/NotMoved/)
  })

  test('is not made over nothing, for nobody, or of no unit', async () => {
    const { admin, user, address, chain } = world
    const { abi, bytecode } = contracts.erc20Points
    const make = (...args: unknown[]) =>
      chain.call({ data: encodeDeployData({ abi, bytecode, args: [admin, ...args] }) })
    const error = (signature: string) => new RegExp(toFunctionSelector(signature))
    await expect(make(user, SINK, 1n)).rejects.toThrow(error('NoToken(address)'))
    await expect(make(address, zeroAddress, 1n)).rejects.toThrow(error('NoSink()'))
    await expect(make(address, SINK, 0n)).rejects.toThrow(error('NoUnit()'))
  })
})
