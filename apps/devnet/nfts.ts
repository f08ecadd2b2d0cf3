import type { Address } from '#core/chain.ts'
import { MULTI_TOKEN_IDS } from './deployment.ts'
import type { Call } from './node.ts'
import { callOf, type Menu, type Turn } from './turn.ts'

/** What traders do with their NFTs. */
export const nftMenu: Menu<Turn> = [
  [50, transferNft],
  [30, transferSupply],
  [20, transferSupplies],
]

/** What the deployer, who alone may mint, hands out. */
export const mintMenu: Menu<Turn> = [
  [35, mintNft],
  [20, mintSupply],
  [10, mintSupplies],
  [35, async () => undefined],
]

/** Anvil hashes the whole state for each block, so what stays in it for ever is kept small. */
const NFTS_MAX = 1_000n
const SUPPLY_AMOUNT_MAX = 8
const BATCH_IDS_MAX = 5

const someoneElse = ({ deployment, account, random }: Turn): Address =>
  random.pick(deployment.traders.filter((trader) => trader !== account))

async function transferNft(turn: Turn): Promise<Call | undefined> {
  const { node, deployment, account, random } = turn
  const { collection } = deployment
  const count = await node.read<bigint>('collection', collection, 'balanceOf', [account])
  if (count === 0n) return undefined
  const tokenId = await node.read<bigint>('collection', collection, 'tokenOfOwnerByIndex', [
    account,
    BigInt(random.int(Number(count))),
  ])
  const to = someoneElse(turn)
  return callOf(account, 'collection', collection, 'transferFrom', [account, to, tokenId])
}

/** Up to `most` of the ids that the account has, each with how many to send. */
async function drawSupplies(turn: Turn, most: number): Promise<[id: bigint, amount: bigint][]> {
  const { node, deployment, account, random } = turn
  const balances = await node.read<readonly bigint[]>(
    'multiToken',
    deployment.multiToken,
    'balanceOfBatch',
    [allIds.map(() => account), allIds],
  )
  const held = allIds.filter((_, index) => (balances[index] as bigint) > 0n)
  return random
    .shuffle(held)
    .slice(0, most)
    .map((id) => {
      const balance = Number(balances[Number(id) - 1])
      return [id, BigInt(1 + random.int(Math.min(balance, SUPPLY_AMOUNT_MAX)))]
    })
}

const allIds = Array.from({ length: MULTI_TOKEN_IDS }, (_, index) => BigInt(index + 1))

async function transferSupply(turn: Turn): Promise<Call | undefined> {
  const { deployment, account } = turn
  const [drawn] = await drawSupplies(turn, 1)
  if (!drawn) return undefined
  return callOf(account, 'multiToken', deployment.multiToken, 'safeTransferFrom', [
    account,
    someoneElse(turn),
    ...drawn,
    '0x',
  ])
}

async function transferSupplies(turn: Turn): Promise<Call | undefined> {
  const { deployment, account, random } = turn
  const drawn = await drawSupplies(turn, 2 + random.int(BATCH_IDS_MAX - 1))
  if (drawn.length === 0) return undefined
  return callOf(account, 'multiToken', deployment.multiToken, 'safeBatchTransferFrom', [
    account,
    someoneElse(turn),
    drawn.map(([id]) => id),
    drawn.map(([, amount]) => amount),
    '0x',
  ])
}

async function mintNft(turn: Turn): Promise<Call | undefined> {
  const { node, deployment, account } = turn
  const { collection } = deployment
  const supply = await node.read<bigint>('collection', collection, 'totalSupply')
  if (supply >= NFTS_MAX) return undefined
  return callOf(account, 'collection', collection, 'mint', [someoneElse(turn)])
}

async function mintSupply(turn: Turn): Promise<Call> {
  const { deployment, account, random } = turn
  return callOf(account, 'multiToken', deployment.multiToken, 'mint', [
    someoneElse(turn),
    random.pick(allIds),
    BigInt(1 + random.int(SUPPLY_AMOUNT_MAX)),
    '0x',
  ])
}

async function mintSupplies(turn: Turn): Promise<Call> {
  const { deployment, account, random } = turn
  const ids = random.shuffle(allIds).slice(0, 2 + random.int(BATCH_IDS_MAX - 1))
  return callOf(account, 'multiToken', deployment.multiToken, 'mintBatch', [
    someoneElse(turn),
    ids,
    ids.map(() => BigInt(1 + random.int(SUPPLY_AMOUNT_MAX))),
    '0x',
  ])
}
