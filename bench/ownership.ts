import { monitorEventLoopDelay } from 'node:perf_hooks'
import { encodeDeployData, encodeFunctionData } from 'viem'
import { systemClock } from '#adapters/node/clock.ts'
import { createEthersOwnerReader } from '#adapters/ethers/owner-reader.ts'
import { createRpc } from '#adapters/rpc/rpc.ts'
import { type Address, parseAddress } from '#core/chain.ts'
import { parseRule } from '#core/ownership/parse-rule.ts'
import { DEVNET_CHAIN_ID, startAnvil } from '#devnet/anvil.ts'
import { contracts } from '#devnet/contracts.ts'
import { connect, type DevNode } from '#devnet/node.ts'
import { createPlainChecker } from '../test/fakes/plain-checker.ts'
import { median } from './measure.ts'

const WALLETS = 1_000
const COLLECTIONS = 10
const ROUNDS = 5

/** Decisions for 1,000 people on a rule of 10 collections: each pair of wallet and collection is asked about. */
export async function benchOwnership(print: (line: string) => void): Promise<void> {
  await using anvil = await startAnvil()
  const node = connect(anvil.url)
  const collections = await deployCollections(node)
  const rpc = createRpc([anvil.url], { chainId: DEVNET_CHAIN_ID })
  try {
    let requests = 0
    const owners = createEthersOwnerReader(async (method, params) => {
      requests++
      return (await rpc.call([{ method, params }], ([result]) => result)).value
    }, DEVNET_CHAIN_ID)
    const checker = createPlainChecker(owners, DEVNET_CHAIN_ID)
    const rule = parseRule({
      atLeast: { count: 2, of: collections.map((collection) => ({ erc721: { collection } })) },
    })
    const check = (people: readonly (readonly Address[])[]) =>
      checker.check({ rule, people, finality: 'latest' })
    const fresh: number[] = []
    const asked: number[] = []
    const held: number[] = []
    for (let round = 0; round < ROUNDS; round++) {
      requests = 0
      const people = Array.from({ length: WALLETS }, (_, index) => [walletOf(round, index)])
      using delay = watchLoop()
      const began = performance.now()
      await check(people)
      fresh.push(performance.now() - began)
      asked.push(requests)
      held.push(await delay.longestMs())
    }
    const one = [walletOf(0, 0)]
    const began = performance.now()
    const CACHED = 1_000
    for (let index = 0; index < CACHED; index++) await check([one])
    const cached = (performance.now() - began) / CACHED
    const time = median(fresh)
    print(
      `ownership of ${WALLETS * COLLECTIONS} (wallet, collection) pairs; median of ${ROUNDS} rounds`,
    )
    print(`  time                                   ${(time / 1_000).toFixed(2)} s (2.00 at most)`)
    print(`  the longest that others wait for it    ${median(held).toFixed(0)} ms (50 at most)`)
    print(`  requests to the node                   ${Math.max(...asked)} (20 at most)`)
    print(`  a decision again at the same block     ${cached.toFixed(3)} ms (1 at most)`)
  } finally {
    await rpc.close()
  }
}

/** How long the event loop is held up at a time, in steps of a millisecond. */
function watchLoop(): Disposable & { longestMs(): Promise<number> } {
  const delay = monitorEventLoopDelay({ resolution: 1 })
  delay.enable()
  return {
    async longestMs() {
      // What holds it up now shows when it goes on.
      await systemClock.sleep(5)
      return delay.max / 1e6
    },
    [Symbol.dispose]: () => void delay.disable(),
  }
}

const walletOf = (round: number, index: number): Address =>
  `0x${(round * WALLETS + index + 0x10_000).toString(16).padStart(40, '0')}`

async function deployCollections(node: DevNode): Promise<Address[]> {
  const [from] = await node.request<Address[]>('eth_accounts')
  const transact = async (data: string, to?: Address): Promise<any> => {
    const transaction = { from, data, gas: '0xffffff', ...(to && { to }) }
    const hash = await node.request('eth_sendTransaction', [transaction])
    await node.request('evm_mine')
    return node.request('eth_getTransactionReceipt', [hash])
  }
  const collections: Address[] = []
  const { abi } = contracts.collection
  for (let index = 0; index < COLLECTIONS; index++) {
    const args = [`Art ${index}`, 'ART', 'data:']
    const { contractAddress } = await transact(encodeDeployData({ ...contracts.collection, args }))
    const address = parseAddress(contractAddress, 'contractAddress')
    collections.push(address)
    await transact(
      encodeFunctionData({ abi, functionName: 'mint', args: [walletOf(0, index)] }),
      address,
    )
  }
  return collections
}
