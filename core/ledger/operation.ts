/** Names one operation for good: `scope/key`. What an operation makes (a hold, an earning) goes by its name. */
export type OperationId = string

/** What holds for all accounts of an asset. Null: no limit. Amounts in raw units. */
export type AssetPolicy = {
  readonly name: string
  /** How many digits of a raw amount stand behind the point where people read it. */
  readonly decimals: number
  /** The most that one operation may spend or hold. */
  readonly spendMaxRaw: bigint | null
  /** The most that one account may spend or hold on one day (UTC). */
  readonly spendPerDayMaxRaw: bigint | null
  /** The most that one account may have, of all kinds together. */
  readonly balanceMaxRaw: bigint | null
  /** The most that may be out at one time. */
  readonly supplyMaxRaw: bigint | null
  /** How long points live, in milliseconds; the oldest are spent first. */
  readonly expiresAfterMs: number | null
}

/** What is to be done to one ledger. Amounts in raw units, above 0 unless said. */
export type Operation =
  | ({ readonly kind: 'set-asset'; readonly asset: string } & AssetPolicy)
  | (Grant & { readonly kind: 'grant'; readonly asset: string; readonly memo: string })
  | {
      readonly kind: 'grant-many'
      readonly asset: string
      readonly grants: readonly Grant[]
      readonly memo: string
    }
  /** Points that cannot be spent yet; `cause` says what they are for. */
  | (Grant & { readonly kind: 'earn'; readonly asset: string; readonly cause: string })
  /** The points of an earning can be spent from now on. */
  | { readonly kind: 'confirm'; readonly earning: OperationId }
  /** What an earning was for did not come to be. */
  | { readonly kind: 'retract'; readonly earning: OperationId; readonly memo: string }
  /** `feeRaw` of the amount goes to the fees; it may be 0. */
  | (Grant & {
      readonly kind: 'spend'
      readonly asset: string
      readonly feeRaw: bigint
      readonly memo: string
    })
  /** Puts points aside. `leaseMs`: how long, unless the hold is pinned; null: until it is resolved. */
  | (Grant & {
      readonly kind: 'hold'
      readonly asset: string
      readonly leaseMs: number | null
      readonly memo: string
    })
  /** The hold does not lapse any more: what it is for is under way and cannot be called back. */
  | { readonly kind: 'pin'; readonly hold: OperationId }
  /** What was put aside is spent, up to all of it; the rest can be spent again. */
  | {
      readonly kind: 'settle'
      readonly hold: OperationId
      readonly amountRaw: bigint
      readonly feeRaw: bigint
      readonly memo: string
    }
  | { readonly kind: 'void'; readonly hold: OperationId; readonly memo: string }
  /** Voids a hold whose lease has ended. */
  | { readonly kind: 'lapse'; readonly hold: OperationId }
  /**
   * Takes back points that have become too old. `creditedRaw`: all that the account had been given when the newest of them
   * came in; what it has paid out since then counts against the oldest.
   */
  | {
      readonly kind: 'expire'
      readonly asset: string
      readonly account: string
      readonly creditedRaw: bigint
    }
  /** Points that were spent, and that no account can pay for: a loss of whoever keeps the ledger. */
  | {
      readonly kind: 'write-off'
      readonly asset: string
      readonly amountRaw: bigint
      readonly memo: string
    }
  /** Posts the opposite of an operation, once. */
  | { readonly kind: 'reverse'; readonly operation: OperationId; readonly memo: string }
  /** A line in the log that moves nothing, of whoever follows something: how far it has come. */
  | { readonly kind: 'note'; readonly topic: string; readonly text: string }
  /** The account can spend nothing until it is unfrozen. */
  | { readonly kind: 'freeze'; readonly account: string; readonly memo: string }
  | { readonly kind: 'unfreeze'; readonly account: string; readonly memo: string }

type Grant = { readonly account: string; readonly amountRaw: bigint }

/** An operation in the name of somebody. */
export type OperationRequest = {
  /** Whose key it is: a principal. The same key in another scope is another key. */
  readonly scope: string
  /** Given by the caller. The same key never does two things, and is never forgotten. */
  readonly key: string
  /** Who did it, for the record. */
  readonly actor: string
  readonly operation: Operation
}

/** What scope and key are made of; neither holds a slash, so that the two together are one name. */
export const operationId = (scope: string, key: string): OperationId => `${scope}/${key}`
