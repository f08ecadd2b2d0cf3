import { Interface } from 'ethers'
import type { Address, BlockRef } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import type { Delegation, DelegationList, DelegationReader } from '#core/ownership/ports.ts'
import { createSend, type NodeRequest } from './eip1193.ts'

const DELEGATION =
  'tuple(uint8 type_, address to, address from, bytes32 rights, address contract_, uint256 tokenId, uint256 amount)[]'
const functions = new Interface([
  `function getIncomingDelegations(address to) view returns (${DELEGATION})`,
  'function getIncomingDelegationHashes(address to) view returns (bytes32[])',
  `function getDelegationsFromHashes(bytes32[] hashes) view returns (${DELEGATION})`,
])

/** For one list: a delegation takes about 14,000 gas to read, its hash alone about 4,500. Nodes have a limit of about this. */
const CALL_GAS = '0x2faf080'
/** Delegations of one answer. */
const PAGE = 2_000
/** A registry lists whatever anybody has delegated: more is not looked at. */
const DELEGATIONS_MAX = 10_000
const WORD_DIGITS = 64
const WORDS_OF_EACH = 7

/** `DelegationType` of the registry, by its number. */
const KINDS: readonly (Delegation['of'] | undefined)[] = [
  undefined,
  'all',
  'contract',
  'erc721',
  'erc20',
  'erc1155',
]

/**
 * The list of a registry, pinned to the block's hash (EIP-1898): in one answer, or by the names of its delegations where
 * there are too many for one.
 */
export function createEthersDelegationReader(
  request: NodeRequest,
  chainId: number,
): DelegationReader {
  const send = createSend(request, chainId)

  async function call<T extends { readonly status: string }>(
    { hash }: BlockRef,
    registry: Address,
    data: string,
    parse: (result: unknown) => T | undefined,
  ): Promise<T | { readonly status: 'no-answer' }> {
    const params = [
      { to: registry, data, gas: CALL_GAS },
      { blockHash: hash, requireCanonical: true },
    ]
    try {
      return await send('eth_call', params, parse)
    } catch (error) {
      const failure = isAppError(error, 'unavailable') ? error.cause : error
      if (isRevert(failure)) return { status: 'no-answer' }
      throw error
    }
  }

  async function inPages(block: BlockRef, registry: Address, to: Address): Promise<DelegationList> {
    const named = functions.encodeFunctionData('getIncomingDelegationHashes', [to])
    const names = await call(block, registry, named, hashesOf)
    if (names.status !== 'named') return names
    const delegations: Delegation[] = []
    for (let from = 0; from < names.hashes.length; from += PAGE) {
      const asked = names.hashes.slice(from, from + PAGE)
      const data = functions.encodeFunctionData('getDelegationsFromHashes', [asked])
      // oxlint-disable-next-line no-await-in-loop -- a list of strangers has no more than one request at a time
      const page = await call(block, registry, data, listOf)
      if (page.status !== 'listed') return page
      delegations.push(...page.delegations)
    }
    return { status: 'listed', delegations }
  }

  return {
    async incoming(block, registry, to) {
      const data = functions.encodeFunctionData('getIncomingDelegations', [to])
      const whole = await call(block, registry, data, listOf)
      // A list that takes too much gas is one that is too long, or the registry is none.
      return whole.status === 'too-many' || whole.status === 'no-answer'
        ? inPages(block, registry, to)
        : whole
    },
  }
}

const isRevert = (cause: unknown): boolean =>
  typeof cause === 'object' && cause !== null && 'kind' in cause && cause.kind === 'reverted'

/** A list of a contract's answer: words of which `size` are one entry each. Undefined where it is no answer of a node. */
function entriesOf(
  result: unknown,
  size: number,
):
  | { readonly status: 'entries'; readonly count: number; word(index: number): string }
  | { readonly status: 'no-code' | 'odd-answer' }
  | undefined {
  if (typeof result !== 'string' || !/^0x(?:[0-9a-f]{2})*$/i.test(result)) return undefined
  if (result === '0x') return { status: 'no-code' }
  const digits = result.slice(2).toLowerCase()
  const word = (index: number): string =>
    digits.slice(index * WORD_DIGITS, (index + 1) * WORD_DIGITS)
  const count = digits.length >= 2 * WORD_DIGITS ? BigInt(`0x${word(1)}`) : -1n
  const isWhole =
    count >= 0n &&
    BigInt(`0x${word(0)}`) === 32n &&
    BigInt(digits.length) === (2n + count * BigInt(size)) * BigInt(WORD_DIGITS)
  if (!isWhole) return { status: 'odd-answer' }
  return { status: 'entries', count: Number(count), word: (index) => word(2 + index) }
}

type HashList =
  | { readonly status: 'named'; readonly hashes: readonly string[] }
  | { readonly status: 'no-code' | 'odd-answer' | 'too-many' }

function hashesOf(result: unknown): HashList | undefined {
  const entries = entriesOf(result, 1)
  if (entries?.status !== 'entries') return entries
  const { count, word } = entries
  if (count > DELEGATIONS_MAX) return { status: 'too-many' }
  return {
    status: 'named',
    hashes: Array.from({ length: count }, (_, index) => `0x${word(index)}`),
  }
}

function listOf(result: unknown): DelegationList | undefined {
  const entries = entriesOf(result, WORDS_OF_EACH)
  if (entries?.status !== 'entries') return entries
  const { count, word } = entries
  if (count > PAGE) return { status: 'too-many' }
  const delegations: Delegation[] = []
  for (let index = 0; index < count; index++) {
    const at = index * WORDS_OF_EACH
    const of = KINDS[Number(BigInt(`0x${word(at)}`))]
    if (of)
      delegations.push({
        of,
        vault: addressOf(word(at + 2)),
        rights: `0x${word(at + 3)}`,
        contract: addressOf(word(at + 4)),
        tokenId: BigInt(`0x${word(at + 5)}`),
      })
  }
  return { status: 'listed', delegations }
}

const addressOf = (word: string): Address => `0x${word.slice(24)}`
