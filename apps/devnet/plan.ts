import {
  encodeDeployData,
  encodeFunctionData,
  keccak256,
  maxUint256,
  parseUnits,
  toHex,
} from 'viem'
import { type Address, ZERO_ADDRESS } from '#core/chain.ts'
import { contractAddress, pairAddress, poolAddress } from './addresses.ts'
import { DEVNET_CHAIN_ID } from './anvil.ts'
import { type ContractName, contracts } from './contracts.ts'
import {
  amountRaw,
  type Deployment,
  type DevPool,
  type DevToken,
  MULTI_TOKEN_IDS,
} from './deployment.ts'
import {
  type Pair,
  TICK_SPACING,
  TOKENS,
  type TokenSpec,
  V2_PAIRS,
  V3_POOLS,
  type V3PoolSpec,
  WETH,
} from './market.ts'
import type { Call } from './node.ts'
import { relayKeys } from './relay-keys.ts'
import { positionRanges } from './position-ranges.ts'
import { rawPrice, sqrtPriceX96Of, tickOf } from './v3-price.ts'

/** Everything that is to be sent, in order, and what then stands where. */
export type Plan = {
  /** All of the deployer, who has sent nothing before: addresses follow from the nonces. */
  readonly steps: readonly Call[]
  readonly deployment: Omit<Deployment, 'startBlock'>
}

const CREATE_GAS = 6_000_000n
const CREATE_POOL_GAS = 5_500_000n
const CREATE_PAIR_GAS = 3_200_000n
const MINT_POSITION_GAS = 900_000n
const CALL_GAS = 300_000n
const NFTS_EACH = 3
const MULTI_TOKENS_EACH = 10n
const POINTS_SUPPLY = '1000000'
/** Where tokens go that are spent as points. */
const NOBODY: Address = `0x${'0'.repeat(36)}dead`

export function planDeployment(deployer: Address, traders: readonly Address[]): Plan {
  const steps: Call[] = []

  function create(
    name: ContractName,
    args: readonly unknown[] = [],
    label: string = name,
  ): Address {
    const { abi, bytecode } = contracts[name]
    const nonce = steps.length
    const data = encodeDeployData({ abi, bytecode, args })
    steps.push({ label: `create ${label}`, from: deployer, to: null, data, gas: CREATE_GAS })
    return contractAddress(deployer, nonce)
  }

  function call(
    label: string,
    [name, to]: readonly [ContractName, Address],
    functionName: string,
    args: readonly unknown[],
    options: { readonly gas?: bigint; readonly value?: bigint } = {},
  ): void {
    const data = encodeFunctionData({ abi: contracts[name].abi, functionName, args })
    steps.push({ label, from: deployer, to, data, gas: CALL_GAS, ...options })
  }

  const v3Factory = create('v3Factory')
  const weth = create('weth')
  const v2Factory = create('v2Factory', [deployer])
  const v2Router = create('v2Router', [v2Factory, weth])
  const v3Router = create('v3Router', [v3Factory, weth])
  // Without the descriptor, which needs a library linked in, tokenURI reverts and all else works.
  const positionManager = create('positionManager', [v3Factory, weth, ZERO_ADDRESS])
  const quoter = create('quoter', [v3Factory, weth])
  const swapRouter = create('swapRouter', [v2Factory, v3Factory, positionManager, weth])
  const tickLens = create('tickLens')
  const collection = create('collection', [
    'Harbour Pennants',
    'PENNANT',
    'https://nft.example/pennants/',
  ])
  const multiToken = create('multiToken', ['https://nft.example/supplies/{id}.json'])

  const tokens = [WETH, ...TOKENS].map((spec): DevToken => {
    const { symbol, name, decimals, usd, swing } = spec
    const address = spec === WETH ? weth : createToken(spec)
    return { address, symbol, name, decimals, usd, swing }
  })

  function createToken({ symbol, name, decimals, supply }: TokenSpec): Address {
    const supplyRaw = parseUnits(String(supply), decimals)
    return decimals === 18
      ? create('presetToken', [name, symbol, supplyRaw, deployer], symbol)
      : create('token', [name, symbol, decimals, supplyRaw, deployer], symbol)
  }

  function find(symbol: string): DevToken {
    const token = tokens.find((each) => each.symbol === symbol)
    if (!token) throw new Error(`market.ts has a pool, but no token, of ${symbol}`)
    return token
  }

  /** A pool's tokens in the order that the contracts keep them in. */
  function sorted([symbolA, symbolB]: Pair): readonly [DevToken, DevToken] {
    const a = find(symbolA)
    const b = find(symbolB)
    return a.address < b.address ? [a, b] : [b, a]
  }

  function openPair(pair: Pair): DevPool {
    const [token0, token1] = sorted(pair)
    const usd = pair[2]
    call(
      `open V2 ${pair[0]}/${pair[1]}`,
      ['v2Router', v2Router],
      'addLiquidity',
      [
        token0.address,
        token1.address,
        amountRaw(token0, usd),
        amountRaw(token1, usd),
        0n,
        0n,
        deployer,
        maxUint256,
      ],
      { gas: CREATE_PAIR_GAS },
    )
    const address = pairAddress(v2Factory, token0.address, token1.address)
    return { protocol: 'uniswap-v2', address, token0, token1, feePips: 3_000, tickSpacing: null }
  }

  function openPool(spec: V3PoolSpec): DevPool {
    const { feePips, pair } = spec
    const [token0, token1] = sorted(pair)
    const price = rawPrice(token0, token0.usd, token1, token1.usd)
    const name = `V3 ${pair[0]}/${pair[1]} ${feePips}`
    const manager = ['positionManager', positionManager] as const
    call(
      `open ${name}`,
      manager,
      'createAndInitializePoolIfNecessary',
      [token0.address, token1.address, feePips, sqrtPriceX96Of(price)],
      { gas: CREATE_POOL_GAS },
    )
    const usd = pair[2] / spec.positions
    for (const [tickLower, tickUpper] of positionRanges(spec, tickOf(price))) {
      const position = {
        token0: token0.address,
        token1: token1.address,
        fee: feePips,
        tickLower,
        tickUpper,
        amount0Desired: amountRaw(token0, usd),
        amount1Desired: amountRaw(token1, usd),
        amount0Min: 0n,
        amount1Min: 0n,
        recipient: deployer,
        deadline: maxUint256,
      }
      call(`provide ${name}`, manager, 'mint', [position], { gas: MINT_POSITION_GAS })
    }
    const address = poolAddress(v3Factory, token0.address, token1.address, feePips)
    const tickSpacing = TICK_SPACING[feePips]
    return { protocol: 'uniswap-v3', address, token0, token1, feePips, tickSpacing }
  }

  call('wrap ether', ['weth', weth], 'deposit', [], {
    value: parseUnits(String(WETH.supply), WETH.decimals),
  })
  for (const { symbol, address } of tokens)
    for (const spender of [v2Router, positionManager])
      call(`approve ${symbol}`, ['token', address], 'approve', [spender, maxUint256])
  const pools = [...V2_PAIRS.map(openPair), ...V3_POOLS.map(openPool)]
  for (const trader of traders) {
    for (let count = 0; count < NFTS_EACH; count++)
      call('mint an NFT', ['collection', collection], 'mint', [trader])
    const ids = Array.from({ length: MULTI_TOKEN_IDS }, (_, index) => BigInt(index + 1))
    const amounts = ids.map(() => MULTI_TOKENS_EACH)
    call('mint supplies', ['multiToken', multiToken], 'mintBatch', [trader, ids, amounts, '0x'], {
      gas: MINT_POSITION_GAS,
    })
  }

  // Behind all others, whose addresses follow from what was sent before.
  const points = create('points', [deployer])
  letSpend('points', points)
  const pointsToken = create('token', [
    'Harbour Points',
    'HARBOUR',
    6,
    parseUnits(POINTS_SUPPLY, 6),
    deployer,
  ])
  const unit = 10n ** 6n
  const erc20Points = create('erc20Points', [deployer, pointsToken, NOBODY, unit])
  letSpend('erc20Points', erc20Points)
  call('let points take tokens', ['token', pointsToken], 'approve', [erc20Points, maxUint256])
  const erc1155Points = create('erc1155Points', [deployer, multiToken, 1n, NOBODY, 1n])
  letSpend('erc1155Points', erc1155Points)
  call('mint points', ['multiToken', multiToken], 'mint', [deployer, 1n, 1_000n, '0x'])
  call('let points take supplies', ['multiToken', multiToken], 'setApprovalForAll', [
    erc1155Points,
    true,
  ])

  /** Roles of the deployer and of the relay. */
  function letSpend(name: ContractName, to: Address): void {
    const { sender, voucherSigner } = relayKeys
    for (const [role, account] of [
      ['SPENDER', deployer],
      ['SPENDER', sender.address],
      ['SIGNER', voucherSigner.address],
    ] as const) {
      const args = [keccak256(toHex(role)), account, true]
      call(`make ${account} a ${role} of ${name}`, [name, to], 'setRole', args)
    }
  }

  const deployment = {
    chainId: DEVNET_CHAIN_ID,
    deployer,
    traders,
    weth,
    v2Factory,
    v2Router,
    v3Factory,
    v3Router,
    positionManager,
    quoter,
    swapRouter,
    tickLens,
    collection,
    multiToken,
    points,
    erc20Points,
    erc1155Points,
    pointsToken,
    tokens,
    pools,
  }
  return { steps, deployment }
}
