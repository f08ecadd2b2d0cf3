import { encodeArguments, encodeCall } from '#core/abi.ts'
import type { Address, BlockRef, Hash, Hex } from '#core/chain.ts'
import { type Lens, LENS } from './lens.ts'

/** A storage slot of a contract, which need not be the token itself: some keep balances in a contract of their own. */
export type Slot = { readonly contract: Address; readonly slot: Hash }

const slotsBelow = (count: number): bigint[] =>
  Array.from({ length: count }, (_, slot) => BigInt(slot))
/** `openzeppelin.storage.ERC20`, by ERC-7201: OpenZeppelin's upgradeable tokens since version 5. */
const NAMESPACED = 0x52c63247e1f47db19d5ce0460030c497f067ca4cebf71ba98eeadabe20bace00n
/** Mappings of ERC-20s are among the first variables of their contracts; 51: OpenZeppelin's upgradeable ones before. */
const USUAL_SLOTS = [...slotsBelow(12), 51n, NAMESPACED]
const ALL_SLOTS = [...slotsBelow(64), NAMESPACED]
/** Behind the owner and eight zero bytes: Solady's tokens. */
const SOLADY_SEED = '87a211a2'

/** Where compilers and libraries are known to keep the balance of this account: the usual places, and all of them. */
export const knownPlaces = (
  keccak: (bytes: Hex) => Hash,
): { readonly usual: readonly Hash[]; readonly all: readonly Hash[] } => ({
  usual: placesOf(keccak, USUAL_SLOTS),
  all: placesOf(keccak, ALL_SLOTS),
})

const placesOf = (keccak: (bytes: Hex) => Hash, slots: readonly bigint[]): Hash[] => [
  // Solidity hashes the key and then the slot, Vyper the other way round.
  ...slots.map((slot) => keccak(encodeArguments([LENS, slot]))),
  ...slots.map((slot) => keccak(encodeArguments([slot, LENS]))),
  keccak(`${LENS}${'00'.repeat(8)}${SOLADY_SEED}`),
]

/** `balanceOf(address)` */
const BALANCE_OF = '0x70a08231'
/** Somebody else: what is read for this account too belongs to no one account. */
const OTHER: Address = '0x68616c796172642d6f746865722d303030303030'
/** A contract that reads more slots for an account's balance is not searched further. */
const CANDIDATES_MAX = 12

/**
 * The slots that a token reads for the balance of this account and for nobody else's: totals, implementations and
 * switches are read for everybody, and so are left out. Undefined where no node tells which slots a call reads.
 */
export async function slotsOfAccount(
  lens: Lens,
  block: BlockRef,
  token: Address,
): Promise<Slot[] | undefined> {
  const [own, others] = await Promise.all(
    [LENS, OTHER].map((account) => lens.slotsRead(block, token, encodeCall(BALANCE_OF, [account]))),
  )
  if (!own || !others) return undefined
  const shared = new Set(others.map(nameOf))
  return own.filter((each) => !shared.has(nameOf(each))).slice(0, CANDIDATES_MAX)
}

const nameOf = ({ contract, slot }: Slot): string => `${contract} ${slot}`
