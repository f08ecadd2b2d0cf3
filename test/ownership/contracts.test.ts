import { writeFileSync } from 'node:fs'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import { encodeFunctionData } from 'viem'
import { type PrivateKeyAccount, privateKeyToAccount } from 'viem/accounts'
import { serializeErc6492Signature } from 'viem/utils'
import { afterAll, beforeAll, describe, expect, onTestFinished, test } from 'vitest'
import { type RunningServer, startServer } from '#api/server.ts'
import type { Address, Hex } from '#core/chain.ts'
import type { Clause, Decision, Finality } from '#core/ownership/decision.ts'
import { createRoleFollower } from '#core/guild/follow-roles.ts'
import { createHistoryFeed } from '#core/history/feed.ts'
import { parseRule } from '#core/ownership/parse-rule.ts'
import { crossCheckSnapshot } from '#core/ownership/cross-check.ts'
import type { SnapshotHolding } from '#core/ownership/snapshot-holders.ts'
import { DEVNET_CHAIN_ID } from '#devnet/anvil.ts'
import { contracts } from '#devnet/contracts.ts'
import { type ChainNode, openNode } from '#wiring/open-node.ts'
import { openIdentityStore } from '#wiring/open-identity.ts'
import { openOwnerReader, openSignatures } from '#wiring/open-ownership.ts'
import { openGuildClient, openRoleStore, roleRulesOf } from '#wiring/open-roles.ts'
import { readSettings } from '#wiring/settings.ts'
import { connect } from '#devnet/node.ts'
import { type Chain, type Contract, openChain } from '../dex-parity/chain.ts'
import { type IndexedChain, indexChain } from '../dex-parity/forks.ts'
import { runCli, spawnCli } from '../apps/run-cli.ts'
import { addressOf } from '../fakes/encode.ts'
import {
  APPLICATION_ID,
  BOT_TOKEN,
  CLIENT_SECRET,
  type FakeDiscord,
  REDIRECT_URI,
  startFakeDiscord,
} from '../fakes/fake-discord.ts'
import { eventually } from '../fakes/eventually.ts'
import { freePort, temporaryFolder } from '../servers/programs.ts'
import { compileAll, compileLent } from '../tools/solidity.ts'

const chain = await openChain('decisions on ownership')
afterAll(() => chain?.[Symbol.asyncDispose]())

test.each([
  ['owner-lens', 'OwnerLens'],
  ['signature-lens', 'SignatureLens'],
])(
  'the code of %s.sol, lent for a call, is what its source compiles to',
  async (file, contract) => {
    const path = join(import.meta.dirname, '../../adapters/ethers', file)
    await expect(compileLent(`${path}.sol`, contract)).toMatchFileSnapshot(`${path}.artifact.json`)
  },
)

const [ANN, BEN, CAT, DAN, EVE] = [
  addressOf(0xa11),
  addressOf(0xb22),
  addressOf(0xc33),
  addressOf(0xd44),
  addressOf(0xe55),
]

const NO_RIGHTS = `0x${'0'.repeat(64)}`
const OWN_RIGHTS = `0x${'0'.repeat(63)}1`
const OTHER_RIGHTS = `0x${'0'.repeat(63)}2`

/** Contracts as they should be and hostile ones, on one chain, with an index of it. */
describe.skipIf(!chain)('who owns what', () => {
  const on = chain as Chain
  const builds = compileAll(join(import.meta.dirname, 'contracts.sol'))
  const hostile: Record<string, Address> = {}
  let collection: Contract
  /** Of the same kind, and not indexed. */
  let other: Contract
  let multi: Contract
  let coin: Contract
  let staking: Contract
  let proxy: Contract
  let punks: Contract
  let notOwned: Contract
  let indexed: IndexedChain
  let server: RunningServer
  let airdrop: Contract
  let node: ChainNode
  /** In an index of its own, which begins behind its first transfers. */
  let late: Contract
  let lateIndex: IndexedChain
  let art: Contract
  let registry: Contract
  /** Documents of tokens by path, and who has them. */
  const documents = new Map<string, string>()
  let gallery: Server
  let metricsPort: number
  const host = (): string => `127.0.0.1:${(gallery.address() as AddressInfo).port}`

  const decide = async (
    rule: unknown,
    wallets: readonly Address[],
    finality: Finality = 'latest',
  ): Promise<Decision> => {
    // A block that was just mined is not to be taken for one of before.
    await new Promise((resolve) => setTimeout(resolve, 60))
    const [decided] = await indexed.api.ports.ownership.check({
      rule: parseRule(rule),
      people: [wallets],
      finality,
    })
    return decided as Decision
  }
  const said = async (rule: unknown, ...wallets: Address[]): Promise<string> => {
    const { answer, reason } = await decide(rule, wallets)
    return `${answer} ${reason}`
  }
  const of721 = (contract: Address, more: object = {}) => ({
    erc721: { collection: contract, ...more },
  })
  const mint = (to: Address): Promise<void> => on.send(collection, 'mint', [to])
  const send = (from: Address, to: Address, tokenId: bigint, of = collection): Promise<void> =>
    on.send(of, 'transferFrom', [from, to, tokenId])

  beforeAll(async () => {
    const preset = ['Art', 'ART', 'data:']
    gallery = createServer((req, res) => {
      const found = documents.get(req.url ?? '')
      res.writeHead(found === undefined ? 404 : 200).end(found)
    })
    await new Promise<void>((resolve) => gallery.listen(0, '127.0.0.1', resolve))
    art = await on.deploy(builds['Art']!)
    registry = await on.deploy(builds['Registry']!)
    collection = await on.deploy(contracts.collection, preset)
    other = await on.deploy(contracts.collection, preset)
    multi = await on.deploy(contracts.multiToken, ['data:'])
    coin = await on.deployToken()
    staking = await on.deploy(builds['Staking']!)
    punks = await on.deploy(builds['Punks']!)
    notOwned = await on.deploy(builds['NotOwned']!)
    const owned = await on.deploy(builds['Owned']!, [ANN])
    const viaProxy = await on.deploy(builds['Proxy']!, [owned.address])
    proxy = viaProxy
    for (const name of ['Silent', 'Refusing', 'Empty', 'GasEater', 'ReturnBomb', 'RevertBomb'])
      hostile[name] = (await on.deploy(builds[name]!)).address
    hostile.DirtyWord = (await on.deploy(builds['DirtyWord']!)).address
    hostile.YesToAll = (await on.deploy(builds['YesToAll']!)).address
    // 0 and 1 are Ann's, 2 is Ben's, 3 to 5 are the account's, of which 4 is staked.
    for (const to of [ANN, ANN, BEN, on.account, on.account, on.account]) await mint(to)
    await on.send(collection, 'setApprovalForAll', [staking.address, true])
    await on.send(staking, 'stake', [collection.address, 4n])
    await on.send(other, 'mint', [ANN])
    await on.send(multi, 'mint', [ANN, 7n, 10n, '0x'])
    await on.send(multi, 'mint', [BEN, 7n, 5n, '0x'])
    await on.send(multi, 'mint', [BEN, 8n, 1n, '0x'])
    await on.send(coin, 'transfer', [ANN, 600n])
    await on.send(coin, 'transfer', [BEN, 400n])
    await on.send(punks, 'give', [BEN, 77n])
    airdrop = await on.deploy(builds['Airdrop']!)
    late = await on.deploy(contracts.collection, preset)
    await on.send(late, 'mint', [on.account])
    await on.send(late, 'mint', [BEN])
    const { number } = await on.head()
    await on.send(late, 'transferFrom', [on.account, ANN, 0n])
    metricsPort = await freePort()
    indexed = await indexChain(
      on,
      [
        { kind: 'erc721', address: collection.address, startBlock: 0 },
        { kind: 'erc1155', address: multi.address, startBlock: 0 },
        { kind: 'erc721', address: art.address, startBlock: 0 },
      ],
      {
        metadata: { allowed: [host()], ipfsGateways: [`http://${host()}/ipfs/`], metricsPort },
        ownership: {
          delegations: { registry: registry.address, rights: OWN_RIGHTS },
          escrows: [
            {
              contract: staking.address,
              collection: collection.address,
              ownerMethod: 'stakerOf(uint256)',
            },
          ],
        },
        api: { port: 0, metricsPort: 0, ratePerSecond: 0 },
      },
    )
    lateIndex = await indexChain(on, [
      { kind: 'erc721', address: late.address, startBlock: number + 1 },
    ])
    server = await startServer(indexed.api)
    node = openNode(indexed.api.ports.settings.chain, {})
  }, 120_000)
  afterAll(async () => {
    await node?.[Symbol.asyncDispose]()
    await server?.[Symbol.asyncDispose]()
    await indexed?.[Symbol.asyncDispose]()
    await lateIndex?.[Symbol.asyncDispose]()
    gallery?.close()
  })

  test('any token of a collection is enough, and wallets of one person are added up', async () => {
    expect(await said(of721(collection.address), ANN)).toBe('yes met')
    expect(await said(of721(collection.address), CAT)).toBe('no too-few')
    expect(await said(of721(collection.address, { min: '3' }), ANN)).toBe('no too-few')
    expect(await said(of721(collection.address, { min: '3' }), ANN, BEN)).toBe('yes met')
    // The same wallet twice is one wallet.
    expect(await said(of721(collection.address, { min: '3' }), ANN, ANN)).toBe('no too-few')
  })

  test('tokens are named by id and by range', async () => {
    expect(await said(of721(collection.address, { tokenIds: ['1'] }), ANN)).toBe('yes met')
    expect(await said(of721(collection.address, { tokenIds: ['2'] }), ANN)).toBe('no too-few')
    const { clauses } = await decide(of721(collection.address, { tokenIds: ['0-2'], min: '3' }), [
      ANN,
      BEN,
    ])
    expect(clauses[0]).toMatchObject({
      answer: 'yes',
      found: 3n,
      wallets: [
        { wallet: ANN, amount: 2n },
        { wallet: BEN, amount: 1n },
      ],
    })
    expect((clauses[0] as Clause).tokens.map(({ tokenId }) => tokenId)).toEqual([0n, 1n, 2n])
  })

  describe('what others have delegated', () => {
    /** The account has tokens 3 and 5 of the collection, and 4 in the escrow. */
    const give = async (method: string, ...args: unknown[]): Promise<void> => {
      await on.send(registry, method, args)
      // Which tokens the escrow has the index says: a decision is made at a block that it has.
      await indexed.index()
    }
    const ask = (more: object, ...wallets: Address[]): Promise<string> =>
      said(of721(collection.address, { delegates: true, ...more }), ...wallets)

    test('counts where the rule says so, with what its account holds at the same block', async () => {
      expect(await ask({}, CAT)).toBe('no too-few')
      await give('delegateAll', CAT, NO_RIGHTS, true)
      expect(await said(of721(collection.address), CAT)).toBe('no too-few')
      expect(await ask({ min: '3' }, CAT)).toBe('yes delegated')
      const { clauses } = await decide(of721(collection.address, { delegates: true, min: '4' }), [
        CAT,
      ])
      expect(clauses[0]).toMatchObject({
        answer: 'no',
        found: 3n,
        wallets: [
          { wallet: CAT, amount: 0n },
          { wallet: on.account, amount: 3n, delegate: CAT },
        ],
      })
      expect(await ask({ tokenIds: ['5'] }, CAT)).toBe('yes delegated')
      // What its wallets hold themselves is enough, and nobody else is asked about.
      expect(await ask({}, ANN)).toBe('yes met')
      const { body } = await post('/v1/ownership/check', {
        rule: of721(collection.address, { delegates: true }),
        wallets: [CAT],
      })
      expect(body.item).toMatchObject({ answer: 'yes', reason: 'delegated' })
      expect(body.item.why).toContain('some of it by accounts that have delegated it to a wallet')
    })

    test('counts an account once, whoever of a person it is delegated to and whose it is', async () => {
      await give('delegateContract', DAN, collection.address, NO_RIGHTS, true)
      expect(await ask({ min: '3' }, CAT, DAN)).toBe('yes delegated')
      expect(await ask({ min: '4' }, CAT, DAN)).toBe('no too-few')
      expect(await ask({ min: '4' }, CAT, on.account)).toBe('no too-few')
      expect(await ask({ min: '3' }, CAT, on.account)).toBe('yes met')
    })

    test('counts no more from the block on that takes it back', async () => {
      await give('delegateAll', CAT, NO_RIGHTS, false)
      expect(await ask({}, CAT)).toBe('no too-few')
    })

    test('is of single tokens where it says so, and nothing where its account does not hold them', async () => {
      await give('delegateERC721', CAT, collection.address, 3n, NO_RIGHTS, true)
      // Anybody may delegate what is not theirs: 0 is Ann's.
      await give('delegateERC721', CAT, collection.address, 0n, NO_RIGHTS, true)
      expect(await ask({}, CAT)).toBe('yes delegated')
      expect(await ask({ min: '2' }, CAT)).toBe('no too-few')
      expect(await ask({ tokenIds: ['3'] }, CAT)).toBe('yes delegated')
      expect(await ask({ tokenIds: ['0', '5'] }, CAT)).toBe('no too-few')
      await give('delegateERC721', CAT, collection.address, 3n, NO_RIGHTS, false)
      expect(await ask({}, CAT)).toBe('no too-few')
    })

    test('is of no more units than it says, nor than its account has', async () => {
      const coins = (min: string) => ({ erc20: { token: coin.address, min, delegates: true } })
      await give('delegateERC20', CAT, coin.address, NO_RIGHTS, 50n)
      expect(await said(coins('50'), CAT)).toBe('yes delegated')
      expect(await said(coins('51'), CAT)).toBe('no too-few')
      const units = (min: string) => ({
        erc1155: { collection: units1155.address, tokenIds: ['9'], min, delegates: true },
      })
      const units1155 = await on.deploy(contracts.multiToken, ['data:'])
      await on.send(units1155, 'mint', [on.account, 9n, 3n, '0x'])
      await give('delegateERC1155', CAT, units1155.address, 9n, NO_RIGHTS, 2n)
      expect(await said(units('2'), CAT)).toBe('yes delegated')
      expect(await said(units('3'), CAT)).toBe('no too-few')
      await give('delegateERC1155', CAT, units1155.address, 9n, NO_RIGHTS, 100n)
      expect(await said(units('3'), CAT)).toBe('yes delegated')
      expect(await said(units('4'), CAT)).toBe('no too-few')
    })

    test('counts where it is for this service or for everything, and not where it is for another', async () => {
      await give('delegateContract', CAT, collection.address, OTHER_RIGHTS, true)
      expect(await ask({}, CAT)).toBe('no too-few')
      await give('delegateContract', CAT, collection.address, OWN_RIGHTS, true)
      expect(await ask({}, CAT)).toBe('yes delegated')
      await give('delegateContract', CAT, collection.address, OWN_RIGHTS, false)
    })
  })

  test('a token that was never minted is nobody’s', async () => {
    expect(await said(of721(collection.address, { tokenIds: ['999'] }), ANN)).toBe('no too-few')
  })

  test('who burnt a token does not own it, and the burn addresses own nothing', async () => {
    const dead = '0x000000000000000000000000000000000000dead'
    await send(on.account, dead, 5n)
    expect(await said(of721(collection.address), dead, addressOf(0))).toBe('no too-few')
    expect(await said(of721(collection.address, { tokenIds: ['5'] }), dead)).toBe('no too-few')
    await indexed.index()
  })

  test('units of an ERC-1155 contract are added up over ids and wallets', async () => {
    const of = (min: string) => ({
      erc1155: { collection: multi.address, tokenIds: ['7-8'], min },
    })
    expect(await said(of('10'), ANN)).toBe('yes met')
    expect(await said(of('16'), ANN, BEN)).toBe('yes met')
    expect(await said(of('17'), ANN, BEN)).toBe('no too-few')
  })

  test('raw units of an ERC-20 token are added up, and an NFT is no ERC-20 token', async () => {
    const of = (token: Address, min: string) => ({ erc20: { token, min } })
    expect(await said(of(coin.address, '1000'), ANN, BEN)).toBe('yes met')
    expect(await said(of(coin.address, '1001'), ANN, BEN)).toBe('no too-few')
    expect(await said(of(collection.address, '1'), ANN)).toBe('unknown wrong-interface')
  })

  test('CryptoPunks answer to functions of their own', async () => {
    const of = (tokenIds?: string[]) => ({ punks: { collection: punks.address, tokenIds } })
    expect(await said(of(), BEN)).toBe('yes met')
    expect(await said(of(['77']), BEN)).toBe('yes met')
    expect(await said(of(['78']), BEN)).toBe('no too-few')
  })

  test('a listed escrow holds a token for who staked it, and another contract for nobody', async () => {
    const rule = of721(collection.address, { tokenIds: ['4'] })
    const { answer, clauses } = await decide(rule, [on.account])
    expect(answer).toBe('yes')
    expect((clauses[0] as Clause).tokens).toEqual([
      { tokenId: 4n, wallet: on.account, escrow: staking.address, since: null },
    ])
    // Nor is the escrow itself an owner.
    expect(await said(rule, staking.address)).toBe('no too-few')
    await send(on.account, multi.address, 3n)
    expect(await said(of721(collection.address, { tokenIds: ['3'] }), on.account)).toBe(
      'no escrowed',
    )
    await indexed.index()
    // Of any token: what the index says is in escrow is asked about there.
    expect(await said(of721(collection.address), on.account)).toBe('yes met')
    expect(await said(of721(collection.address, { min: '2' }), on.account)).toBe('no too-few')
  })

  test.each([
    ['Silent', 'unknown no-answer'],
    ['Refusing', 'no too-few'],
    ['Empty', 'unknown odd-answer'],
    ['GasEater', 'unknown no-answer'],
    ['ReturnBomb', 'unknown odd-answer'],
    ['RevertBomb', 'no too-few'],
    ['DirtyWord', 'unknown odd-answer'],
  ])('the hostile contract %s is answered with: %s', async (name, expected) => {
    expect(await said(of721(hostile[name] as Address, { tokenIds: ['1'] }), ANN)).toBe(expected)
  })

  test('hostile contracts take nothing away from the others in the same decision', async () => {
    const bad = Object.values(hostile).map((address) => of721(address, { tokenIds: ['1-40'] }))
    const { answer, clauses } = await decide({ any: [...bad, of721(collection.address)] }, [ANN])
    expect(answer).toBe('yes')
    expect(clauses.at(-1)).toMatchObject({ answer: 'yes', found: 2n })
  })

  test('an account without code, and a contract of another kind, are not known', async () => {
    expect(await said(of721(CAT), ANN)).toBe('unknown no-code')
    expect(await said(of721(coin.address), ANN)).toBe('unknown wrong-interface')
    expect(await said({ erc1155: { collection: collection.address, tokenIds: ['1'] } }, ANN)).toBe(
      'unknown wrong-interface',
    )
    // The other way round: nobody gains by a rule that must not be met.
    expect(await said({ not: of721(CAT) }, ANN)).toBe('unknown no-code')
  })

  test('a proxy that becomes another contract is asked anew what it is', async () => {
    expect(await said(of721(proxy.address), ANN)).toBe('yes met')
    await on.send(proxy, 'upgrade', [notOwned.address])
    expect(await said(of721(proxy.address), ANN)).toBe('unknown wrong-interface')
  })

  test('how long a token was held counts from the transfer that brought it', async () => {
    await indexed.index()
    const held = (heldForBlocks: number) => of721(collection.address, { heldForBlocks })
    expect(await said(held(3), ANN)).toBe('yes met')
    expect(await said(held(1_000_000), ANN)).toBe('no held-too-short')
    expect(await said(of721(collection.address, { heldForDays: 1 }), ANN)).toBe('no held-too-short')
    await mint(on.account)
    await indexed.index()
    const bought = 6n
    await send(on.account, CAT, bought)
    await indexed.index()
    const { clauses } = await decide(held(1), [CAT])
    const block = await on.head()
    expect(clauses[0]).toMatchObject({ answer: 'no', reason: 'held-too-short' })
    await connect(on.url).request('evm_mine')
    await indexed.index()
    expect((await decide(held(1), [CAT])).clauses[0]).toMatchObject({
      answer: 'yes',
      tokens: [{ tokenId: bought, wallet: CAT, escrow: null, since: block.number }],
    })
  })

  test('what only transfers could tell is not known of a collection that is not indexed', async () => {
    expect(await said(of721(other.address, { heldForBlocks: 1 }), ANN)).toBe('unknown not-indexed')
    // Who has none of it at all has not held any for long.
    expect(await said(of721(other.address, { heldForBlocks: 1 }), BEN)).toBe('no too-few')
    expect(await said(of721(other.address), ANN)).toBe('yes met')
  })

  test('a token that came before the index began is not known, and not taken for none', async () => {
    const { ports } = lateIndex.api
    const rule = parseRule(of721(late.address, { heldForBlocks: 1 }))
    const decided = await ports.ownership.check({
      rule,
      people: [[BEN], [ANN]],
      finality: 'latest',
    })
    expect(decided.map(({ answer, reason }) => `${answer} ${reason}`)).toEqual([
      'unknown index-incomplete',
      'no held-too-short',
    ])
    const view = await lateIndex.view()
    const query = { collection: late.address, at: view.head.number }
    await expect(ports.snapshots.take(view, query)).rejects.toMatchObject({
      kind: 'conflict',
      details: { reason: 'index-incomplete' },
    })
  })

  test('of a large set of ids the index names the tokens, and the contract decides', async () => {
    const large = (from: number) => of721(collection.address, { tokenIds: [`${from}-1000000`] })
    expect(await said(large(1), ANN)).toBe('yes met')
    expect(await said(large(2), ANN)).toBe('no too-few')
    expect(await said(of721(other.address, { tokenIds: ['0-1000000'] }), ANN)).toBe(
      'unknown not-indexed',
    )
  })

  test('an index that is behind is read at its own block, together with the contracts', async () => {
    const before = await on.head()
    await mint(CAT)
    const { block, answer } = await decide(of721(collection.address, { heldForBlocks: 1 }), [CAT])
    expect(answer).toBe('yes')
    expect(block).toMatchObject(before)
    // Without the index the newest block is read.
    expect((await decide(of721(other.address), [CAT])).block?.number).toBe(before.number + 1)
    await indexed.index()
  })

  test('parts combine by three values', async () => {
    const [yes, no] = [of721(collection.address), of721(collection.address, { min: '99' })]
    const unknown = of721(CAT)
    expect(await said({ all: [yes, no, unknown] }, ANN)).toBe('no too-few')
    expect(await said({ all: [yes, unknown] }, ANN)).toBe('unknown no-code')
    expect(await said({ any: [yes, unknown] }, ANN)).toBe('yes met')
    expect(await said({ any: [no, unknown] }, ANN)).toBe('unknown no-code')
    expect(await said({ atLeast: { count: 2, of: [yes, unknown, yes] } }, ANN)).toBe('yes met')
    expect(await said({ atLeast: { count: 2, of: [yes, unknown, no] } }, ANN)).toBe(
      'unknown no-code',
    )
    expect(await said({ not: yes }, ANN)).toBe('no excluded')
    expect(await said({ not: no }, ANN)).toBe('yes met')
  })

  test('the evidence is what the contract itself says at the block that it names', async () => {
    const { block, clauses } = await decide(of721(collection.address), [ANN])
    const data = encodeFunctionData({
      abi: collection.abi,
      functionName: 'balanceOf',
      args: [ANN],
    })
    const told = await connect(on.url).request<string>('eth_call', [
      { to: collection.address, data },
      { blockHash: block?.hash },
    ])
    expect((clauses[0] as Clause).found).toBe(BigInt(told))
  })

  test('an older block answers for its own time', async () => {
    const { block } = await decide(of721(collection.address), [ANN], 'finalized')
    expect(block?.number).toBeLessThan((await on.head()).number)
  })

  describe('a snapshot', () => {
    const take = async (query: { collection: Address; at?: number }) =>
      indexed.api.ports.snapshots.take(await indexed.view(), query)

    test('of any indexed block is what the contract said then, of every token', async () => {
      const owners = openOwnerReader(node, DEVNET_CHAIN_ID)
      const { head } = await indexed.view()
      for (const of of [collection, multi])
        for (let at = head.number; at > 15; at -= 7) {
          const taken = await take({ collection: of.address, at })
          const check = await crossCheckSnapshot(owners, taken, 1_000, () => 0)
          expect(check).toEqual({
            status: 'checked',
            count: taken.holdings.length,
            differing: [],
          })
        }
      const { holders } = await take({ collection: multi.address, at: head.number })
      expect(holders).toEqual([
        { owner: ANN, tokenCount: 1, amount: 10n },
        { owner: BEN, tokenCount: 2, amount: 6n },
      ])
    })

    test('finds a holding that the contract does not have', async () => {
      const taken = await take({ collection: multi.address, at: (await on.head()).number })
      const owners = openOwnerReader(node, DEVNET_CHAIN_ID)
      const [first, ...rest] = taken.holdings as [SnapshotHolding, ...SnapshotHolding[]]
      const wrong = { ...taken, holdings: [{ ...first, amount: first.amount + 1n }, ...rest] }
      expect(await crossCheckSnapshot(owners, wrong, 10, () => 0)).toMatchObject({
        status: 'checked',
        differing: [{ owner: first.owner }],
      })
    })

    test('has a root under which MerkleProof of OpenZeppelin takes each claim, and no other', async () => {
      const at = (await indexed.view()).head.number
      const path = `/v1/collections/${collection.address}/snapshot`
      const { item } = await get(`${path}?at=${at}`)
      const { items, nextCursor } = await get(`${path}/holders?at=${at}`)
      expect(items.length).toBe(item.holderCount)
      expect(items.length).toBeGreaterThan(3)
      expect(nextCursor).toBeNull()
      const isClaim = (owner: string, amount: string, proof: string[]) =>
        on.read<boolean>(airdrop, 'isClaim', [item.merkleRoot, owner, BigInt(amount), proof])
      for (const { owner, amount, proof } of items) {
        expect(await isClaim(owner, amount, proof)).toBe(true)
        expect(await isClaim(owner, `${amount}0`, proof)).toBe(false)
      }
      const [first, second] = items
      expect(await isClaim(first.owner, first.amount, second.proof)).toBe(false)
      // Pages of any size give the same, also while the collection goes on.
      for (const limit of [1, 2, items.length]) {
        const paged: unknown[] = []
        let after = ''
        do {
          const page = await get(`${path}/holders?at=${at}&limit=${limit}${after}`)
          expect(page.items.length).toBeLessThanOrEqual(limit)
          paged.push(...page.items)
          after = page.nextCursor === null ? '' : `&after=${page.nextCursor}`
          if (limit === 1 && paged.length === 1) {
            await mint(addressOf(0xfee))
            await indexed.index()
          }
        } while (after !== '')
        expect(paged).toEqual(items)
      }
      const query = (more: string) => `{ snapshotHolders(collection: "${collection.address}",
        at: ${at}, first: 2${more}) { nodes { owner amount proof } pageInfo { hasNextPage endCursor } } }`
      const told: unknown[] = []
      let cursor: string | null = null
      do {
        const { body } = await post('/graphql', {
          query: query(cursor === null ? '' : `, after: "${cursor}"`),
        })
        const { nodes, pageInfo } = body.data.snapshotHolders
        told.push(...nodes)
        cursor = pageInfo.hasNextPage ? pageInfo.endCursor : null
      } while (cursor !== null)
      expect(told).toEqual(items.map(({ owner, amount, proof }: any) => ({ owner, amount, proof })))
    })

    test.each([
      [
        'of a collection that is not indexed',
        () => `${other.address}/snapshot`,
        404,
        'NOT_INDEXED',
      ],
      [
        'of a block to come',
        () => `${collection.address}/snapshot?at=999999`,
        400,
        'BAD_USER_INPUT',
      ],
    ])('%s is refused', async (_, path, status, code) => {
      const response = await fetch(`${server.url}/v1/collections/${path()}`)
      expect(response.status).toBe(status)
      expect(await response.json()).toMatchObject({ code })
    })
  })

  describe('a signature', () => {
    const [key, otherKey] = [1n, 2n].map((of) =>
      privateKeyToAccount(`0x${of.toString(16).padStart(64, '0')}`),
    ) as [PrivateKeyAccount, PrivateKeyAccount]
    const message = 'Let me in'
    const isOf = (address: string, signature: Hex): Promise<boolean> =>
      openSignatures(node, DEVNET_CHAIN_ID).verify({
        chainId: DEVNET_CHAIN_ID,
        address: address.toLowerCase() as Address,
        message,
        signature,
      })
    let own: Hex
    let foreign: Hex
    beforeAll(async () => {
      own = await key.signMessage({ message })
      foreign = await otherKey.signMessage({ message })
    })

    test('of an account with a key is its own alone', async () => {
      expect(await isOf(key.address, own)).toBe(true)
      expect(await isOf(key.address, foreign)).toBe(false)
    })

    test('of a contract is what the contract takes (EIP-1271)', async () => {
      const { address } = await on.deploy(builds['Wallet']!, [key.address])
      expect(await isOf(address, own)).toBe(true)
      expect(await isOf(address, foreign)).toBe(false)
      expect(await isOf(address, '0x1234')).toBe(false)
    })

    test('of a contract that is not deployed yet is what it will take (EIP-6492), and nothing stays', async () => {
      const factory = await on.deploy(builds['WalletFactory']!)
      const address = await on.read<Address>(factory, 'addressOf', [key.address])
      const deployment = encodeFunctionData({
        abi: factory.abi,
        functionName: 'deploy',
        args: [key.address],
      })
      const wrapped = (signature: Hex, at: Address = factory.address): Hex =>
        serializeErc6492Signature({ address: at, data: deployment, signature })
      expect(await isOf(address, wrapped(own))).toBe(true)
      expect(await isOf(address, wrapped(foreign))).toBe(false)
      expect(await isOf(address, own)).toBe(false)
      // What the signer names is run, and is not trusted.
      for (const name of ['GasEater', 'ReturnBomb', 'Silent'])
        expect(await isOf(address, wrapped(own, hostile[name]))).toBe(false)
      const code = await connect(on.url).request('eth_getCode', [address, 'latest'])
      expect(code).toBe('0x')
      // It is also good when the contract is there.
      await on.send(factory, 'deploy', [key.address])
      expect(await isOf(address, wrapped(own))).toBe(true)
    })

    test('of a delegated account is of its key, and what its code takes (EIP-7702)', async () => {
      const { address } = await on.deploy(builds['Wallet']!, [otherKey.address])
      const code = `0xef0100${address.slice(2)}`
      await connect(on.url).request('anvil_setCode', [key.address, code])
      expect(await isOf(key.address, own)).toBe(true)
      expect(await isOf(key.address, foreign)).toBe(true)
      await connect(on.url).request('anvil_setCode', [key.address, '0x'])
    })

    test('is not of hostile contracts, whatever they answer', async () => {
      for (const address of Object.values(hostile)) expect(await isOf(address, own)).toBe(false)
    })
  })

  const get = async (path: string): Promise<any> => (await fetch(`${server.url}${path}`)).json()

  const post = async (path: string, body: unknown) => {
    const response = await fetch(`${server.url}${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    })
    const told: any = await response.json()
    return { status: response.status, body: told }
  }

  test('REST answers for one and for a thousand people at one block, and says why', async () => {
    const rule = of721(collection.address)
    const one = await post('/v1/ownership/check', { rule, wallets: [BEN] })
    expect(one).toMatchObject({
      status: 200,
      body: { item: { answer: 'yes', block: { hash: expect.any(String) } } },
    })
    const people = Array.from({ length: 1_000 }, (_, index) => ({
      wallets: [index === 500 ? ANN : addressOf(0x9000 + index)],
    }))
    const many = await post('/v1/ownership/checks', { rule, people })
    expect(many.status).toBe(200)
    const { items } = many.body
    expect(items.filter(({ answer }: Decision) => answer === 'yes')).toHaveLength(1)
    expect(items[500].answer).toBe('yes')
    expect(items[0].why).toMatch(/^No at block \d+: less is held than needed \(rule.erc721: 0 of 1/)
    expect(new Set(items.map(({ block }: Decision) => block?.hash)).size).toBe(1)
  })

  test('GraphQL takes the same rules', async () => {
    const query = `query ($wallets: [Address!]!) {
      ownership(rule: { all: [{ erc721: { collection: "${collection.address}", tokenIds: ["0-1"], min: "2" } },
        { not: { erc20: { token: "${coin.address}", min: "601" } } }] }, wallets: $wallets) {
        answer why block { number } clauses { path answer found wallets { amount } tokens { tokenId } }
      }
    }`
    const { body } = await post('/graphql', { query, variables: { wallets: [ANN] } })
    expect(body.errors).toBeUndefined()
    expect(body.data.ownership.answer).toBe('YES')
    expect(body.data.ownership.clauses.map(({ path }: Clause) => path)).toEqual([
      'rule.all',
      'rule.all[0].erc721',
      'rule.all[1].not',
      'rule.all[1].not.erc20',
    ])
  })

  test.each([
    [{ erc721: {} }, 'BAD_USER_INPUT', 'rule.erc721.collection'],
    [{ erc721: { collection: '0x12' } }, 'BAD_USER_INPUT', 'rule.erc721.collection'],
    [
      { erc721: { collection: CAT, tokenIds: [(2n ** 256n).toString()] } },
      'BAD_USER_INPUT',
      'rule.erc721.tokenIds[0]',
    ],
    [
      { erc721: { collection: CAT, tokenIds: ['1-2'], min: '3' } },
      'RULE_NEVER_MET',
      'rule.erc721.min',
    ],
    [{ atLeast: { count: 2, of: [of721(CAT)] } }, 'RULE_NEVER_MET', 'rule.atLeast.count'],
    [{ traits: { fur: 'gold' } }, 'BAD_USER_INPUT', 'rule.traits.fur'],
    [{ traits: { collection: CAT, traits: {} } }, 'BAD_USER_INPUT', 'rule.traits.traits'],
    [
      { traits: { collection: CAT, traits: { Sky: [{}] } } },
      'BAD_USER_INPUT',
      'rule.traits.traits.Sky',
    ],
    [{ erc721: { collection: CAT, delegates: 'yes' } }, 'BAD_USER_INPUT', 'rule.erc721.delegates'],
    [{ punks: { collection: CAT, delegates: 'yes' } }, 'BAD_USER_INPUT', 'rule.punks.delegates'],
    [{ all: [] }, 'BAD_USER_INPUT', 'rule.all'],
    [{ erc7: {} }, 'BAD_USER_INPUT', 'rule'],
  ])('a rule that cannot be is refused with its part: %j', async (rule, code, field) => {
    const { status, body } = await post('/v1/ownership/check', { rule, wallets: [ANN] })
    expect(status).toBe(400)
    expect(body).toMatchObject({ code, errors: [{ field }] })
  })

  test('a request of more questions than one may ask is refused before any is asked', async () => {
    const rule = of721(collection.address, { tokenIds: ['1-500'] })
    const people = Array.from({ length: 101 }, () => ({ wallets: [ANN] }))
    const { body } = await post('/v1/ownership/checks', { rule, people })
    expect(body).toMatchObject({ code: 'QUERY_TOO_COSTLY' })
  })

  describe('what tokens say of themselves', () => {
    const fetchAll = async (): Promise<object> => {
      await indexed.index()
      const { code, stdout, stderr } = await runCli(
        'metadata',
        'fetch',
        '--once',
        '--config',
        indexed.path,
      )
      expect(code, stderr).toBe(0)
      return JSON.parse(stdout)
    }
    const metadataOf = async (tokenId: bigint, of = art): Promise<any> => {
      const response = await fetch(`${server.url}/v1/collections/${of.address}/tokens/${tokenId}`)
      const { item, ...problem }: any = await response.json()
      return item ?? problem
    }
    const cid = `bafybei${'a'.repeat(52)}`

    test('is fetched from wherever the contract says, and is told with its reason where it is not', async () => {
      documents.set(
        '/1',
        JSON.stringify({ name: 'One', attributes: [{ trait_type: 'Sky', value: 'Blue' }] }),
      )
      documents.set(`/ipfs/${cid}/3`, JSON.stringify({ name: 'Three', image: 'ipfs://x/3.png' }))
      const inline = Buffer.from('{"name":"Two"}').toString('base64')
      const uris: Readonly<Record<number, string>> = {
        1: `http://${host()}/1`,
        2: `data:application/json;base64,${inline}`,
        3: `ipfs://${cid}/3`,
        4: 'http://169.254.169.254/latest/meta-data/',
        5: `http://${host()}/none`,
        6: '',
        99: 'never told',
      }
      for (const [id, uri] of Object.entries(uris))
        await on.send(art, 'mint', [ANN, BigInt(id), uri])
      expect(await metadataOf(1n)).toMatchObject({ status: 404, code: 'NOT_STORED' })
      await fetchAll()
      const block = await on.head()
      expect(await metadataOf(1n)).toMatchObject({
        state: 'fetched',
        freshness: 'current',
        name: 'One',
        uri: `http://${host()}/1`,
        attributes: [{ traitType: 'Sky', value: 'Blue', displayType: null }],
        blockNumber: block.number,
        blockHash: block.hash,
      })
      expect(await metadataOf(2n)).toMatchObject({ state: 'fetched', name: 'Two' })
      expect(await metadataOf(3n)).toMatchObject({
        state: 'fetched',
        name: 'Three',
        image: { kind: 'ipfs', uri: 'ipfs://x/3.png', mediaType: null },
      })
      expect(await metadataOf(4n)).toMatchObject({
        state: 'refused',
        reason: 'it leads to an address that is not public',
      })
      expect(await metadataOf(5n)).toMatchObject({
        state: 'missing',
        reason: 'it answered HTTP 404',
      })
      expect(await metadataOf(6n)).toMatchObject({ state: 'missing', nextTryAt: null })
      expect(await metadataOf(99n)).toMatchObject({
        state: 'failed',
        reason: 'no node tells what the contract says: it may take too much gas or time',
      })
      expect(await metadataOf(7n, multi)).toMatchObject({ standard: 'erc1155', state: 'refused' })
      expect(await metadataOf(7n, other)).toMatchObject({ status: 404, code: 'NOT_INDEXED' })
      const query = `{ holdings(owner: "${ANN}", collection: "${art.address}", first: 2) {
        nodes { tokenId metadata { name attributes { traitType value } } } }
        tokenMetadata(collection: "${art.address}", tokenId: "3") { state image { kind } } }`
      const { body } = await post('/graphql', { query })
      expect(body).toEqual({
        data: {
          holdings: {
            nodes: [
              {
                tokenId: '1',
                metadata: { name: 'One', attributes: [{ traitType: 'Sky', value: 'Blue' }] },
              },
              { tokenId: '2', metadata: { name: 'Two', attributes: [] } },
            ],
          },
          tokenMetadata: { state: 'FETCHED', image: { kind: 'IPFS' } },
        },
      })
    })

    test('is fetched again when the contract says that it has changed', async () => {
      documents.set('/1', '{"name":"Revealed"}')
      documents.set('/new', '{"name":"New"}')
      await on.send(art, 'change', [2n, `http://${host()}/new`])
      expect(await fetchAll()).toMatchObject({ fetched: 1 })
      expect(await metadataOf(2n)).toMatchObject({ name: 'New' })
      expect(await metadataOf(1n)).toMatchObject({ name: 'One' })
      await on.send(art, 'changeAll')
      await fetchAll()
      expect(await metadataOf(1n)).toMatchObject({ name: 'Revealed' })
    })

    test('is fetched beside the indexer, and watched by its operator', async () => {
      const { child, done } = spawnCli(['metadata', 'fetch', '--config', indexed.path])
      onTestFinished(() => void child.kill('SIGKILL'))
      const at = (path: string) => fetch(`http://127.0.0.1:${metricsPort}${path}`)
      await eventually(async () => expect((await at('/ready')).status).toBe(200))
      documents.set('/later', '{"name":"Later"}')
      await on.send(art, 'change', [2n, `http://${host()}/later`])
      await indexed.index()
      await eventually(async () => {
        const text = await (await at('/metrics')).text()
        expect(text).toMatch(
          /^halyard_metadata_tries_total\{chain="31337",state="fetched"\} [1-9]/m,
        )
        expect(text).toMatch(
          /^halyard_metadata_rounds_total\{chain="31337",outcome="done"\} [1-9]/m,
        )
        expect(text).toMatch(/^halyard_metadata_lag_blocks\{chain="31337"\} 0$/m)
      })
      expect(await metadataOf(2n)).toMatchObject({ name: 'Later' })
      child.kill('SIGTERM')
      expect((await done).code).toBe(130)
    })

    test('decides rules on traits, as far as it is known', async () => {
      const traits = (of: object, collectionAddress = art.address) => ({
        traits: { collection: collectionAddress, traits: of },
      })
      documents.set(
        '/1',
        JSON.stringify({
          attributes: [
            { trait_type: 'Sky', value: 'Blue' },
            { trait_type: 'Level', value: 5 },
          ],
        }),
      )
      const uris = new Map([
        [1n, `http://${host()}/1`],
        [2n, 'data:,{"name":"New"}'],
        [3n, 'data:,{}'],
      ])
      for (const id of [4n, 5n, 6n]) uris.set(id, 'data:,{"attributes":{"Sky":"Red"}}')
      for (const [id, uri] of uris) await on.send(art, 'change', [id, uri])
      await indexed.index()
      await fetchAll()
      // Of token 99 nothing will ever be known, and Ann has it: she may always have one more.
      expect(await said(traits({ Sky: ['Blue', 'Green'], Level: 5 }), ANN)).toBe('yes met')
      expect(await said(traits({ Sky: 'Blue', Level: 6 }), ANN)).toBe('unknown metadata-unknown')
      expect(await said(traits({ Sky: 'Blue' }), BEN)).toBe('no too-few')
      expect(await said(traits({ Sky: 'Blue' }, collection.address), ANN)).toBe(
        'unknown metadata-unknown',
      )
      const { clauses } = await decide(traits({ Sky: 'Red' }), [ANN])
      expect(clauses[0]).toMatchObject({ answer: 'yes', found: 3n, kind: 'traits' })
      // What the account of the chain has delegated one by one counts with the traits that it has.
      for (const [id, sky] of [
        [7n, 'Red'],
        [8n, 'Red'],
        [9n, 'Blue'],
      ] as const)
        await on.send(art, 'mint', [on.account, id, `data:,{"attributes":{"Sky":"${sky}"}}`])
      for (const id of [7n, 9n])
        await on.send(registry, 'delegateERC721', [EVE, art.address, id, NO_RIGHTS, true])
      await fetchAll()
      const delegated = (of: object) => ({
        traits: { collection: art.address, traits: of, delegates: true },
      })
      expect(await said(delegated({ Sky: 'Red' }), EVE)).toBe('yes delegated')
      expect(await said(traits({ Sky: 'Red' }), EVE)).toBe('no too-few')
      expect((await decide(delegated({ Sky: 'Red' }), [EVE])).clauses[0]).toMatchObject({
        found: 1n,
        tokens: [
          {
            tokenId: 7n,
            document: { block: expect.anything(), fetchedAtMs: expect.any(Number) },
          },
        ],
      })
      const query = `{ ownership(wallets: ["${ANN}"], rule: { traits: { collection: "${art.address}",
        traits: [{ traitType: "Sky", values: ["Red"] }], min: "3" } }) { answer } }`
      expect((await post('/graphql', { query })).body).toEqual({
        data: { ownership: { answer: 'YES' } },
      })
      const { body } = await post('/v1/ownership/check', {
        rule: traits({ Sky: 'Red' }),
        wallets: [ANN],
      })
      const [token] = body.item.clauses[0].tokens
      expect(token.metadataBlock).toBeLessThanOrEqual(body.item.block.number)
      expect(token.metadataFetchedAt).toBeGreaterThan(1_700_000_000)
    })

    test('is beside what can be counted of the collection, which goes on with the blocks', async () => {
      const read = async (): Promise<any> => {
        const response = await fetch(`${server.url}/v1/collections/${art.address}`)
        const { item }: any = await response.json()
        const query = `{ collection(address: "${art.address}") { tokenCount holderCount amount } }`
        const { body } = await post('/graphql', { query })
        const { tokenCount, holderCount, amount } = item
        expect(body.data.collection).toEqual({ tokenCount, holderCount, amount })
        return item
      }
      const before = await read()
      expect(before).toMatchObject({
        tokenCount: 10,
        holderCount: 2,
        mintCount: 10,
        amount: '10',
      })
      await on.send(art, 'mint', [BEN, 100n, 'data:,{}'])
      await indexed.index()
      expect(await read()).toMatchObject({ tokenCount: 11, holderCount: 3, largestAmount: '7' })
    })

    test('is printed by the command line, of a token and of a collection', async () => {
      const show = (...args: string[]) =>
        runCli('metadata', 'show', '--config', indexed.path, '--collection', art.address, ...args)
      const [one, all, none] = await Promise.all([
        show('--token', '2'),
        show(),
        show('--token', '55'),
      ])
      expect(JSON.parse(one.stdout)).toMatchObject({ tokenId: '2', name: 'New', state: 'fetched' })
      expect(JSON.parse(all.stdout)).toMatchObject({
        fetched: 9,
        missing: 0,
        failed: 1,
        traits: ['Level', 'Sky'],
      })
      expect(none.code).toBe(2)
      expect(none.stderr).toContain('tokenId: no transfer of token 55 was seen yet')
    })
  })

  describe('roles of a guild', () => {
    const [GUILD, HOLDER, OURS] = ['5', '51', '52']
    const [annThere, benThere] = ['100', '101']
    let discord: FakeDiscord
    let folder: ReturnType<typeof temporaryFolder>
    let path: string
    const settings = () => ({
      chain: { id: DEVNET_CHAIN_ID, rpc: [on.url] },
      store: 'sqlite:./none.db',
      sources: [{ kind: 'erc721', address: collection.address }],
      discord: {
        applicationId: APPLICATION_ID,
        clientSecret: CLIENT_SECRET,
        redirectUri: REDIRECT_URI,
        apiUrl: discord.url,
        botToken: BOT_TOKEN,
        roles: [{ guild: GUILD, role: HOLDER, rule: of721(collection.address) }],
      },
    })
    const holders = (): string[] =>
      [annThere, benThere].filter((account) =>
        discord.guilds.get(GUILD)?.members.get(account)?.has(HOLDER),
      )

    beforeAll(async () => {
      discord = await startFakeDiscord()
      const role = { managed: false, permissions: '0' }
      discord.guilds.set(GUILD, {
        roles: [
          { ...role, id: HOLDER, name: 'holder', position: 1 },
          { ...role, id: OURS, name: 'halyard', position: 2, permissions: String(1 << 28) },
        ],
        members: new Map([
          [discord.bot.id, new Set([OURS])],
          [annThere, new Set()],
          [benThere, new Set([HOLDER])],
        ]),
      })
      folder = temporaryFolder('roles')
      path = join(folder.path, 'halyard.json')
      writeFileSync(path, JSON.stringify(settings()))
      const identity = await openIdentityStore(readSettings(path).records)
      for (const [person, wallet, account] of [
        ['ann', ANN, annThere],
        ['ben', DAN, benThere],
      ] as const) {
        await identity.linkWallet(wallet, person, person, 1)
        await identity.linkDiscord({ id: account, name: person }, person, 1)
      }
      await identity.close()
    })
    afterAll(async () => {
      await discord?.[Symbol.asyncDispose]()
      folder?.remove()
    })

    test('are planned, given and taken by the command line, each with its evidence', async () => {
      const plan = await runCli('roles', 'plan', '--config', path)
      expect(plan.code, plan.stderr).toBe(0)
      const lines = (text: string) =>
        text
          .trim()
          .split('\n')
          .map((line) => JSON.parse(line))
      expect(lines(plan.stdout)).toMatchObject([
        { account: annThere, person: 'ann', change: 'grant', reason: 'met' },
        { account: benThere, person: 'ben', change: 'remove', reason: 'too-few' },
      ])
      expect(holders()).toEqual([benThere])
      const applied = await runCli('roles', 'apply', '--config', path)
      expect(applied.code, applied.stderr).toBe(0)
      expect(holders()).toEqual([annThere])
      const history = await runCli('roles', 'history', '--config', path, '--account', annThere)
      const [change] = lines(history.stdout)
      const block = await on.head()
      expect(change).toMatchObject({ change: 'granted', person: 'ann', reason: 'met' })
      expect(change.evidence).toMatchObject({ chainId: DEVNET_CHAIN_ID, blockNumber: block.number })
      expect(JSON.parse(change.evidence.decision)).toMatchObject({
        answer: 'yes',
        block: { hash: change.evidence.blockHash },
      })
    })

    test('follow a transfer as soon as it is indexed', async () => {
      const { records, discord: setting } = readSettings(path)
      const [identity, roles] = [await openIdentityStore(records), await openRoleStore(records)]
      const { ports } = indexed.api
      const rules = roleRulesOf(setting, indexed.api.chains as never, readSettings(path))
      const follower = createRoleFollower(
        {
          ...ports,
          identity,
          roles,
          guild: await openGuildClient(setting),
          feed: createHistoryFeed(ports),
        },
        DEVNET_CHAIN_ID,
        rules,
        3_600_000,
      )
      await follower.round()
      await mint(DAN)
      await indexed.index()
      let rounds = 0
      while (!holders().includes(benThere)) {
        if (rounds++ > 100) throw new Error('the role is not given')
        await follower.round()
        await new Promise((resolve) => setTimeout(resolve, 20))
      }
      await identity.close()
      await roles.close()
    })

    test('that the configuration has wrong are refused with the part that is wrong', async () => {
      const wrong = settings()
      const { discord: of } = wrong
      writeFileSync(
        path,
        JSON.stringify({
          ...wrong,
          discord: {
            ...of,
            botToken: null,
            roles: [
              ...of.roles,
              { guild: GUILD, role: HOLDER, rule: { erc721: { collection: '0x12' } } },
            ],
          },
        }),
      )
      const { code, stderr } = await runCli('roles', 'plan', '--config', path)
      expect(code).toBe(78)
      expect(stderr).toContain('discord.roles[1].rule.erc721.collection: ')
      expect(stderr).toContain('discord.botToken: ')
      expect(stderr).toContain('discord.roles[1]: discord.roles[0] is about the same role')
    })
  })
})
