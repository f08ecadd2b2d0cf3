import type { Address, BlockRef, Hash, Hex } from '#core/chain.ts'
import type { Clock } from '#core/clock.ts'
import type { ChainTip, HistoryPorts } from '#core/history/ports.ts'
import type { Views } from '#core/history/view.ts'
import type { TokenReader } from '#core/tokens/ports.ts'
import type { PoolState } from './protocols/state.ts'
import type { SwapProtocol } from './routing/route.ts'

/** A pool that can be quoted: what of it never changes. */
export type PoolTerms = {
  /** Its address, or the id of a V4 pool. */
  readonly id: string
  readonly protocol: SwapProtocol
  readonly token0: Address
  readonly token1: Address
  /** Hundredths of a basis point. */
  readonly feePips: number
  /** Null for V2; and for a V3 pool whose spacing no event told. */
  readonly tickSpacing: number | null
  /** The factory that made it, or a V4 pool's manager; null where the configuration does not say. */
  readonly origin: Address | null
  /** A V4 pool whose hooks take part in swaps: it is not quoted. */
  readonly isHooked?: boolean
}

/** Words of a tick bitmap, both included; `centred`: counted from the one that the price is in. */
export type WordRange = { readonly centred: boolean; readonly from: number; readonly to: number }

export type StateWant = { readonly pool: PoolTerms; readonly words: WordRange }

/** Reads what pools' swaps depend on. */
export type StateReader = {
  /**
   * As of exactly this block, in the order of `wants`; undefined where there is no such pool, or it has no price yet.
   *
   * @throws AppError `unavailable` when the block's state cannot be read
   */
  read(block: BlockRef, wants: readonly StateWant[]): Promise<(PoolState | undefined)[]>
}

/** The pools, by id, whose ticks may have changed in a block. */
export type BlockChanges = {
  readonly block: BlockRef
  readonly parentHash: Hash
  readonly changed: ReadonlySet<string>
}

/** Tells where ticks of V3 pools have changed. */
export type TickChanges = {
  /**
   * Undefined where it cannot be told.
   *
   * @throws AppError `unavailable` when the chain cannot be asked
   */
  read(block: BlockRef): Promise<BlockChanges | undefined>
}

/** What a trial does: a router's calldata, or legs that are sold through the pools themselves, one after the other. */
export type TrialCall =
  | { readonly by: 'router'; readonly router: Address; readonly data: Hex }
  | {
      readonly by: 'pools'
      readonly legs: readonly PoolSale[]
      /** What the native currency is wrapped into, where a leg needs that. */
      readonly wrappedNative: Address | null
    }

/** All of `amountIn` of the first token, through these pools. */
export type PoolSale = {
  readonly amountIn: bigint
  readonly hops: readonly { readonly pool: PoolTerms; readonly zeroForOne: boolean }[]
}

/**
 * A swap, tried out by an account that holds `amountIn` of the token and lets it be taken; of the native currency it
 * sends so much along.
 */
export type Trial = {
  readonly tokenIn: Address
  readonly tokenOut: Address
  readonly amountIn: bigint
  /** Receives the output. */
  readonly recipient: Address
  readonly call: TrialCall
}

export type TrialOutcome =
  | {
      readonly status: 'done'
      readonly spent: bigint
      readonly received: bigint
      readonly gas: bigint
    }
  /** The chain was asked, and it refuses the trade. */
  | { readonly status: 'reverted'; readonly reason: string }
  /** It could not be tried: no account could be given the token. Says nothing about the trade. */
  | { readonly status: 'untried'; readonly reason: string }

/** Tries trades out on the state of a block; nothing is sent. */
export type SwapTrials = {
  /** In the order of `trials`. @throws AppError `unavailable` when the chain cannot be asked */
  run(block: BlockRef, trials: readonly Trial[]): Promise<TrialOutcome[]>
  /**
   * Learns of tokens what trials that sell them need to know, so that trials of many do not each ask for it. What it cannot
   * learn is asked again by `run`. @throws AppError `unavailable` when the chain cannot be asked
   */
  prepare(block: BlockRef, tokens: readonly Address[]): Promise<void>
}

/** What of a transfer a token keeps, in basis points of what is sent. */
export type TransferTax = { readonly buyBps: number; readonly sellBps: number }

/** Measures taxes by transfers from and to an account that holds the token, such as a pool. */
export type TaxReader = {
  /** In the order asked; undefined where it cannot be told. @throws AppError `unavailable` */
  read(
    block: BlockRef,
    tokens: readonly { readonly token: Address; readonly holder: Address }[],
  ): Promise<(TransferTax | undefined)[]>
}

/** What gas costs now. */
export type GasPriceReader = {
  /** Wei a unit. @throws AppError `unavailable` */
  weiPerGas(): Promise<bigint>
}

/** What quotes are made of. While the chain cannot be asked they are made from the index alone, and say so. */
export type QuotePorts = HistoryPorts & {
  readonly views: Views
  readonly tip: ChainTip
  readonly tokens: TokenReader
  readonly states: StateReader
  readonly trials: SwapTrials
  readonly taxes: TaxReader
  readonly gasPrice: GasPriceReader
  readonly clock: Clock
}
