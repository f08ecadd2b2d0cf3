import { Interface } from 'ethers'
import type { Address } from '#core/chain.ts'
import { isAppError } from '#core/errors.ts'
import type { Delegation, DelegationList, DelegationReader } from '#core/ownership/ports.ts'
import { createSend, type NodeRequest } from './eip1193.ts'

const functions = new Interface([
  'function getIncomingDelegations(address to) view returns (tuple(uint8 type_, address to, address from, bytes32 rights, address contract_, uint256 tokenId, uint256 amount)[])',
])

/** For one list: that of an account which some thousands have delegated to. */
const CALL_GAS = '0x1312d00'
/** A registry lists whatever anybody has delegated: more is not looked at. */
const DELEGATIONS_MAX = 2_000
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

/** The list of a registry, pinned to the block's hash (EIP-1898). */
export function createEthersDelegationReader(
  request: NodeRequest,
  chainId: number,
): DelegationReader {
  const send = createSend(request, chainId)
  return {
    async incoming({ hash }, registry, to) {
      const data = functions.encodeFunctionData('getIncomingDelegations', [to])
      const params = [
        { to: registry, data, gas: CALL_GAS },
        { blockHash: hash, requireCanonical: true },
      ]
      try {
        return await send('eth_call', params, listOf)
      } catch (error) {
        const failure = isAppError(error, 'unavailable') ? error.cause : error
        if (isRevert(failure)) return { status: 'no-answer' }
        throw error
      }
    },
  }
}

const isRevert = (cause: unknown): boolean =>
  typeof cause === 'object' && cause !== null && 'kind' in cause && cause.kind === 'reverted'

/** Undefined where it is no answer of a node. */
function listOf(result: unknown): DelegationList | undefined {
  if (typeof result !== 'string' || !/^0x(?:[0-9a-f]{2})*$/i.test(result)) return undefined
  if (result === '0x') return { status: 'no-code' }
  const digits = result.slice(2).toLowerCase()
  const word = (index: number): string =>
    digits.slice(index * WORD_DIGITS, (index + 1) * WORD_DIGITS)
  const count = digits.length >= 2 * WORD_DIGITS ? BigInt(`0x${word(1)}`) : -1n
  const isWhole =
    count >= 0n &&
    BigInt(`0x${word(0)}`) === 32n &&
    BigInt(digits.length) === (2n + count * BigInt(WORDS_OF_EACH)) * BigInt(WORD_DIGITS)
  if (!isWhole) return { status: 'odd-answer' }
  if (count > DELEGATIONS_MAX) return { status: 'too-many' }
  const delegations: Delegation[] = []
  for (let index = 0; index < Number(count); index++) {
    const at = 2 + index * WORDS_OF_EACH
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
