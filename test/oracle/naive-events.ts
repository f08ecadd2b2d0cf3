import type { Act } from './acts.ts'

/** What an act says as an event: the contract and the body; undefined where it is none. */
export function naiveEvent(
  act: Act,
  feeOfFactory: (factory: string) => number | null,
): { readonly address: string; readonly body: object } | undefined {
  switch (act.act) {
    case 'create': {
      const { pool, token0, token1, terms, factory } = act
      const body = {
        type: 'poolCreated',
        protocol: terms ? 'uniswap-v3' : 'uniswap-v2',
        pool,
        token0,
        token1,
        feePips: terms ? terms.feePips : feeOfFactory(factory),
        tickSpacing: terms ? terms.tickSpacing : null,
      }
      return { address: factory, body }
    }
    case 'initialize':
      return { address: act.pool, body: { ...v3('initialize'), ...act.price } }
    case 'sync': {
      const [reserve0, reserve1] = act.reserves
      return { address: act.pool, body: { ...v2('sync'), reserve0, reserve1 } }
    }
    case 'swapV2': {
      const [amount0In, amount1In] = act.came
      const [amount0Out, amount1Out] = act.went
      const { sender, recipient } = act
      const amounts = { amount0In, amount1In, amount0Out, amount1Out }
      return { address: act.pool, body: { ...v2('swap'), sender, recipient, ...amounts } }
    }
    case 'swapV3': {
      const { sender, recipient, liquidity, price } = act
      const body = {
        ...v3('swap'),
        sender,
        recipient,
        ...amountsOf(act.moved),
        ...price,
        liquidity,
      }
      return { address: act.pool, body }
    }
    case 'mintV2':
      return {
        address: act.pool,
        body: { ...v2('mint'), sender: act.sender, ...amountsOf(act.amounts) },
      }
    case 'burnV2': {
      const { sender, recipient } = act
      return {
        address: act.pool,
        body: { ...v2('burn'), sender, recipient, ...amountsOf(act.amounts) },
      }
    }
    case 'mintV3':
    case 'burnV3': {
      const { owner, liquidity, range } = act
      const where = { tickLower: range.lower, tickUpper: range.upper }
      const body = { owner, ...where, liquidity, ...amountsOf(act.amounts) }
      return {
        address: act.pool,
        body:
          act.act === 'mintV3'
            ? { ...v3('mint'), sender: owner, ...body }
            : { ...v3('burn'), ...body },
      }
    }
    case 'collectV3': {
      const { owner, recipient, range } = act
      const where = { tickLower: range.lower, tickUpper: range.upper }
      return {
        address: act.pool,
        body: { ...v3('collect'), owner, recipient, ...where, ...amountsOf(act.amounts) },
      }
    }
    case 'transfer721': {
      const { from, to, tokenId } = act
      const what = { operator: null, from, to, tokenIds: [tokenId], amounts: [1n] }
      return { address: act.collection, body: { type: 'transfer', protocol: 'erc721', ...what } }
    }
    case 'transfer1155': {
      const { operator, from, to, tokens } = act
      const tokenIds = tokens.map(({ tokenId }) => tokenId)
      const amounts = tokens.map(({ amount }) => amount)
      const what = { operator, from, to, tokenIds, amounts }
      return { address: act.collection, body: { type: 'transfer', protocol: 'erc1155', ...what } }
    }
    case 'transfer20':
      return transfer20(act.token, act.from, act.to, act.amount)
    case 'wrap':
      return transfer20(act.token, NOBODY, act.account, act.amount)
    case 'unwrap':
      return transfer20(act.token, act.account, NOBODY, act.amount)
    case 'rebase': {
      const body = { type: 'tokenRebase', protocol: 'erc20', event: act.event }
      return { address: act.token, body }
    }
    case 'increasePosition':
    case 'decreasePosition': {
      const { manager, tokenId, liquidity, amounts } = act
      const body = { ...v3(act.act), tokenId, liquidity, ...amountsOf(amounts) }
      return { address: manager, body }
    }
    case 'collectPosition': {
      const { manager, tokenId, recipient, amounts } = act
      return {
        address: manager,
        body: { ...v3(act.act), tokenId, recipient, ...amountsOf(amounts) },
      }
    }
    case 'transferPosition': {
      const { manager, tokenId, from, to } = act
      return { address: manager, body: { ...v3(act.act), tokenId, from, to } }
    }
    case 'createV4': {
      const { poolManager, pool, token0, token1, feePips, tickSpacing, hooks, price } = act
      const terms = { token0, token1, feePips, tickSpacing, hooks }
      const body = { ...v4('poolCreated'), manager: poolManager, pool, ...terms, ...price }
      return { address: pool, body }
    }
    case 'swapV4': {
      const { pool, sender, moved, price, liquidity, feePips } = act
      const state = { ...price, liquidity, feePips }
      return { address: pool, body: { ...v4('swap'), pool, sender, ...amountsOf(moved), ...state } }
    }
    case 'modifyLiquidityV4': {
      const { pool, sender, range, delta, salt } = act
      const what = { tickLower: range.lower, tickUpper: range.upper, liquidityDelta: delta, salt }
      return { address: pool, body: { ...v4('modifyLiquidity'), pool, sender, ...what } }
    }
    case 'donateV4': {
      const { pool, sender, amounts } = act
      return { address: pool, body: { ...v4('donate'), pool, sender, ...amountsOf(amounts) } }
    }
    case 'setProtocolFeeV4': {
      const [protocolFeePips0, protocolFeePips1] = act.fees
      const fees = { protocolFeePips0, protocolFeePips1 }
      return { address: act.pool, body: { ...v4('setProtocolFee'), pool: act.pool, ...fees } }
    }
    case 'malformed':
    case 'foreign':
      return undefined
    default:
      return act satisfies never
  }
}

const NOBODY = `0x${'0'.repeat(40)}`

const transfer20 = (address: string, from: string, to: string, amount: bigint) => ({
  address,
  body: { type: 'tokenTransfer', protocol: 'erc20', from, to, amount },
})
const v2 = (type: string) => ({ type, protocol: 'uniswap-v2' })
const v3 = (type: string) => ({ type, protocol: 'uniswap-v3' })
const v4 = (type: string) => ({ type, protocol: 'uniswap-v4' })
const amountsOf = ([amount0, amount1]: readonly [bigint, bigint]) => ({ amount0, amount1 })
