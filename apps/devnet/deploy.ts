import { type Address, type Hex, parseAddress } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { Deployment } from './deployment.ts'
import { connect, countSent, type DevNode, refuseFailures } from './node.ts'
import { type Plan, planDeployment } from './plan.ts'

const TRADERS = 9

/**
 * Puts Uniswap V2 and V3, tokens, pools and NFTs on a local chain, at the same addresses each time. What stands there
 * already is left alone; a deployment that was interrupted goes on where it stopped.
 *
 * @throws AppError `conflict` when the chain was used for something else, `unavailable` naming the step that failed
 */
export async function deployDevnet(rpcUrl: string): Promise<Deployment> {
  const node = connect(rpcUrl)
  const accounts = await node.request<string[]>('eth_accounts')
  if (accounts.length <= TRADERS)
    throw new AppError(
      'invalid',
      `devnet: the node has ${accounts.length} accounts, not ${TRADERS + 1}`,
    )
  const [deployer, ...traders] = accounts
    .slice(0, TRADERS + 1)
    .map((account) => parseAddress(account, 'eth_accounts')) as [Address, ...Address[]]
  const plan = planDeployment(deployer, traders)
  const done = await countSent(node.request, deployer)
  if (done > 0) await refuseOtherUse(node, plan)
  const rest = plan.steps.slice(done)
  if (rest.length > 0)
    await byHand(node, async () => refuseFailures(await node.execute(rest, 'past')))
  await refuseGaps(node, plan)
  return { ...plan.deployment, startBlock: await findStart(node) }
}

/** A step may have failed when this chain was deployed, which the count of steps does not show. */
async function refuseGaps(node: DevNode, { deployment }: Plan): Promise<void> {
  const { v2Router, v3Router, swapRouter, positionManager, tokens, pools } = deployment
  const { points, erc20Points, erc1155Points } = deployment
  const expected = [v2Router, v3Router, swapRouter, positionManager]
  expected.push(points, erc20Points, erc1155Points)
  for (const { address } of [...tokens, ...pools]) expected.push(address)
  const codes = await Promise.all(expected.map((address) => codeAt(node, address)))
  const missing = expected[codes.indexOf('0x')]
  if (missing)
    throw new AppError('conflict', `devnet: nothing stands at ${missing}; start with a fresh chain`)
}

/** Mines only when told to meanwhile: a block for each transaction would take far longer. */
async function byHand(node: DevNode, work: () => Promise<void>): Promise<void> {
  const automatic = await node.request<boolean>('anvil_getAutomine')
  if (automatic) await node.request('evm_setAutomine', [false])
  try {
    await work()
  } finally {
    if (automatic) await node.request('evm_setAutomine', [true])
  }
}

async function refuseOtherUse(node: DevNode, { deployment }: Plan): Promise<void> {
  if ((await codeAt(node, deployment.v3Factory)) === '0x')
    throw new AppError(
      'conflict',
      `devnet: the account ${deployment.deployer} has been used for something else; start with a fresh chain`,
    )
}

const codeAt = (node: DevNode, address: Address): Promise<Hex> =>
  node.request<Hex>('eth_getCode', [address, 'latest'])

/** The first block with a transaction. Its header says so, which is kept even where old transactions are not. */
async function findStart(node: DevNode): Promise<number> {
  const head = Number(await node.request<Hex>('eth_blockNumber'))
  for (let number = 1; number <= head; number++) {
    const { gasUsed } = await node.request<{ gasUsed: Hex }>('eth_getBlockByNumber', [
      `0x${number.toString(16)}`,
      false,
    ])
    if (Number(gasUsed) > 0) return number
  }
  return head
}
