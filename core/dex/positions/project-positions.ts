import { type Address, type BlockRef, ZERO_ADDRESS } from '#core/chain.ts'
import { type LiquidityChange, liquidityFamily } from '#core/dex/events.ts'
import type { ChainEvent } from '#core/history/event.ts'
import type {
  DocumentsAtHand,
  Fold,
  FoldInput,
  Mutable,
  Projection,
  Wanted,
} from '#core/history/projection.ts'
import { createPairing, type PoolChange } from './pair-changes.ts'
import {
  type Position,
  positionDocuments,
  positionOwnerDocuments,
  positionsVersion,
  unseenPosition,
} from './position.ts'
import { type PositionEvent, positionFamily } from './position-events.ts'

type AnyEvent = PositionEvent | LiquidityChange

/** Positions of Uniswap V3, and whose they are. */
export const positionsProjection: Projection<AnyEvent> = {
  ...positionsVersion,
  documents: [positionDocuments, positionOwnerDocuments],
  families: [positionFamily, liquidityFamily],

  wants: (events) =>
    events
      .filter(isOfManager)
      .map(({ address, body }) => ({ spec: positionDocuments, key: [address, body.tokenId] })),

  wantsThen: wantedOwners,

  begin: foldPositions,
}

const isOfManager = (event: ChainEvent<AnyEvent>): event is ChainEvent<PositionEvent> =>
  'tokenId' in event.body

/** The owners and pools that a position has, or may get by the events at hand. */
type Ways = {
  readonly position: Position
  readonly owners: Set<Address>
  readonly pools: Set<Address>
}

function wantedOwners(
  events: readonly ChainEvent<AnyEvent>[],
  documents: DocumentsAtHand,
): Wanted[] {
  const pairing = createPairing()
  const ways = new Map<string, Ways>()
  for (const event of events) {
    if (!isOfManager(event)) {
      pairing.note(event as ChainEvent<LiquidityChange>)
      continue
    }
    const { address, body } = event
    const key = [address, body.tokenId] as const
    let way = ways.get(key.join())
    if (!way) {
      const position = documents.slot(positionDocuments, key).value ?? unseenPosition(...key)
      way = { position, owners: new Set([position.owner]), pools: new Set([position.pool]) }
      ways.set(key.join(), way)
    }
    const change = pairing.take(event)
    if (change) way.pools.add(change.pool)
    if (body.type === 'transferPosition') way.owners.add(body.to)
  }
  return [...ways.values()].flatMap(({ position: { manager, tokenId }, owners, pools }) =>
    [...owners]
      .filter((owner) => owner !== ZERO_ADDRESS)
      .flatMap((owner) =>
        Array.from(pools, (pool) => ({
          spec: positionOwnerDocuments,
          key: [owner, pool, manager, tokenId],
        })),
      ),
  )
}

function foldPositions({ documents }: FoldInput): Fold<AnyEvent> {
  const pairing = createPairing()

  function hold({ owner, pool, manager, tokenId }: Position, isHeld: boolean, at: BlockRef): void {
    if (owner === ZERO_ADDRESS) return
    const slot = documents.slot(positionOwnerDocuments, [owner, pool, manager, tokenId])
    slot.value = { owner, pool, manager, tokenId, isHeld }
    slot.changedAt = at
  }

  function apply(event: ChainEvent<PositionEvent>): void {
    const { address, body, block } = event
    const slot = documents.slot(positionDocuments, [address, body.tokenId])
    const before = slot.value ?? unseenPosition(address, body.tokenId)
    const after = changed(before, event, pairing.take(event))
    slot.value = after
    slot.changedAt = block
    if (before.owner === after.owner && before.pool === after.pool) return
    hold(before, false, block)
    hold(after, true, block)
  }

  return {
    apply(event) {
      if (isOfManager(event)) apply(event)
      else pairing.note(event as ChainEvent<LiquidityChange>)
    },
    finish: () => pairing.forget(),
  }
}

/** The position after an event of the manager; `change` is what the pool told of it. */
function changed(
  before: Position,
  { body, block }: ChainEvent<PositionEvent>,
  change: PoolChange | undefined,
): Position {
  const position: Mutable<Position> = { ...before }
  if (change && position.pool === ZERO_ADDRESS) {
    const { tickLower, tickUpper } = change.body
    Object.assign(position, { pool: change.pool, tickLower, tickUpper })
  }
  switch (body.type) {
    case 'transferPosition':
      position.owner = body.to
      if (body.from === ZERO_ADDRESS) {
        position.liquidity = 0n
        position.mintedBlock = block.number
        position.mintedAt = block.timestamp
      }
      if (body.to === ZERO_ADDRESS) position.burntAt = block.timestamp
      return position
    case 'increasePosition':
      position.liquidity = moved(position.liquidity, body.liquidity)
      position.deposited0 += body.amount0
      position.deposited1 += body.amount1
      return position
    case 'decreasePosition':
      position.liquidity = moved(position.liquidity, -body.liquidity)
      position.withdrawn0 += body.amount0
      position.withdrawn1 += body.amount1
      return position
    case 'collectPosition': {
      const paid = change?.body ?? body
      position.collected0 += paid.amount0
      position.collected1 += paid.amount1
      return position
    }
    default:
      return body satisfies never
  }
}

/** A fork that takes out more than there is must not stop the index: nothing is left then. */
function moved(liquidity: bigint | null, delta: bigint): bigint | null {
  if (liquidity === null) return null
  return liquidity + delta < 0n ? 0n : liquidity + delta
}
