import { FunctionFragment, Interface } from 'ethers'
import { type Address, type Hash, type Hex, isHash } from '#core/chain.ts'
import { mapConcurrent, partsOf } from '#core/concurrent.ts'
import { AppError } from '#core/errors.ts'
import type { TimedBlock } from '#core/ownership/decision.ts'
import type { OwnerReader, OwnershipRead, ReadAnswer } from '#core/ownership/ports.ts'
import { createSend, type NodeRequest, type Send } from './eip1193.ts'
import artifact from './owner-lens.artifact.json' with { type: 'json' }

/** The account that the code of owner-lens.sol is lent to. No one has its key. */
const LENS: Address = '0x68616c796172642d6f776e6572732d3030303030'

/** Questions of one `eth_call`: about 10 million gas where contracts are as they should be. */
const READS_MAX = 1_000
/** Requests under way at a time. */
const REQUESTS_MAX = 2
/** What a contract may use for one answer. Proxies and enumerable collections use a tenth of it. */
const READ_GAS = 300_000

const functions = new Interface([
  'function ownerOf(uint256) view returns (address)',
  'function punkIndexToAddress(uint256) view returns (address)',
  'function balanceOf(address) view returns (uint256)',
  'function balanceOf(address, uint256) view returns (uint256)',
  'function supportsInterface(bytes4) view returns (bool)',
  'function checkDelegateForContract(address, address, address, bytes32) view returns (bool)',
  'function checkDelegateForERC721(address, address, address, uint256, bytes32) view returns (bool)',
  'function checkDelegateForERC20(address, address, address, bytes32) view returns (uint256)',
  'function checkDelegateForERC1155(address, address, address, uint256, bytes32) view returns (uint256)',
])

const selectorOf = (signature: string): Hex =>
  (functions.getFunction(signature) as FunctionFragment).selector as Hex

const OWNER_OF = selectorOf('ownerOf(uint256)')
const PUNK_OWNER = selectorOf('punkIndexToAddress(uint256)')
const BALANCE_OF = selectorOf('balanceOf(address)')
const AMOUNT_OF = selectorOf('balanceOf(address,uint256)')
const SUPPORTS = selectorOf('supportsInterface(bytes4)')

/** Of the registry of delegate.xyz, version 2. */
const DELEGATED = {
  contract: selectorOf('checkDelegateForContract(address,address,address,bytes32)'),
  erc721: selectorOf('checkDelegateForERC721(address,address,address,uint256,bytes32)'),
  erc20: selectorOf('checkDelegateForERC20(address,address,address,bytes32)'),
  erc1155: selectorOf('checkDelegateForERC1155(address,address,address,uint256,bytes32)'),
} as const

/** The ids of interfaces that the standards give. */
const STANDARDS = { erc721: '80ac58cd', erc1155: 'd9b67a26' } as const

/** Who owns what, asked through ethers: many questions in one call, pinned to the block's hash (EIP-1898). */
export function createEthersOwnerReader(request: NodeRequest, chainId: number): OwnerReader {
  const send = createSend(request, chainId)
  return {
    blockAt: (finality) => send('eth_getBlockByNumber', [finality, false], blockOf),
    async read({ hash }, reads) {
      const answers = await mapConcurrent(partsOf(reads, READS_MAX), REQUESTS_MAX, (part) =>
        readPart(send, hash, part),
      )
      return answers.flat()
    },
    timestamps: (numbers) =>
      mapConcurrent(numbers, REQUESTS_MAX, (number) =>
        send(
          'eth_getBlockByNumber',
          [`0x${number.toString(16)}`, false],
          (result) => blockOf(result)?.timestamp,
        ),
      ),
  }
}

/** Asks until each question has an answer: a call that runs short of gas leaves its last ones for the next. */
async function readPart(
  send: Send,
  blockHash: Hash,
  reads: readonly OwnershipRead[],
): Promise<ReadAnswer[]> {
  const answers: ReadAnswer[] = []
  while (answers.length < reads.length) {
    const rest = reads.slice(answers.length)
    const params = [
      { to: LENS, data: calldataOf(rest) },
      { blockHash, requireCanonical: true },
      { [LENS]: { code: artifact.runtime } },
    ]
    // oxlint-disable-next-line no-await-in-loop -- what is left shows in the answer
    const more = await send('eth_call', params, (result) => answersOf(result, rest.length))
    if (more.length === 0)
      throw new AppError(
        'unavailable',
        `chain.rpc: the node gives a call less than ${READ_GAS} gas; use one that allows 30 million`,
        { details: { field: 'chain.rpc', reason: 'too-much' } },
      )
    answers.push(...more)
  }
  return answers
}

const calldataOf = (reads: readonly OwnershipRead[]): Hex => {
  let data = READ_GAS.toString(16).padStart(8, '0')
  for (const read of reads) {
    const call = callOf(read)
    data += read.contract.slice(2) + (call.length / 2).toString(16).padStart(4, '0') + call
  }
  return `0x${data}`
}

const word = (value: bigint): string => value.toString(16).padStart(64, '0')
const addressWord = (address: Address): string => address.slice(2).padStart(64, '0')

/** Calldata without `0x`. ethers takes a tenth of a millisecond for each of many that differ in a word only. */
function callOf(read: OwnershipRead): string {
  switch (read.of) {
    case 'token-owner':
      return OWNER_OF.slice(2) + word(read.tokenId)
    case 'punk-owner':
      return PUNK_OWNER.slice(2) + word(read.tokenId)
    case 'balance':
      return BALANCE_OF.slice(2) + addressWord(read.account)
    case 'amount':
      return AMOUNT_OF.slice(2) + addressWord(read.account) + word(read.tokenId)
    case 'interface':
      return SUPPORTS.slice(2) + STANDARDS[read.standard].padEnd(64, '0')
    case 'escrowed-owner': {
      const { selector, inputs } = FunctionFragment.from(`function ${read.method}`)
      const of = inputs.length === 2 ? addressWord(read.collection) : ''
      return selector.slice(2) + of + word(read.tokenId)
    }
    case 'escrowed-balance': {
      const { selector } = FunctionFragment.from(`function ${read.method}`)
      return selector.slice(2) + addressWord(read.account)
    }
    case 'delegated': {
      const { scope, to, vault, collection, tokenId, rights } = read
      const accounts = addressWord(to) + addressWord(vault) + addressWord(collection)
      const id = scope === 'erc721' || scope === 'erc1155' ? word(tokenId) : ''
      return DELEGATED[scope].slice(2) + accounts + id + rights.slice(2)
    }
    default:
      return read satisfies never
  }
}

/** Hex digits of one result: what happened, and a word. */
const RESULT_DIGITS = 66

/** As owner-lens.sol writes them; undefined where it is something else. */
function answersOf(result: unknown, max: number): ReadAnswer[] | undefined {
  if (typeof result !== 'string' || !/^0x[0-9a-f]*$/i.test(result)) return undefined
  const count = (result.length - 2) / RESULT_DIGITS
  if (!Number.isInteger(count) || count > max) return undefined
  const answers: ReadAnswer[] = []
  for (let at = 2; at < result.length; at += RESULT_DIGITS) {
    const answer = answerOf(
      result.slice(at, at + 2),
      `0x${result.slice(at + 2, at + RESULT_DIGITS)}`,
    )
    if (!answer) return undefined
    answers.push(answer)
  }
  return answers
}

function answerOf(told: string, value: Hex): ReadAnswer | undefined {
  switch (told) {
    case '01':
    case '11':
      return { status: 'value', value: BigInt(value), isContract: told === '11' }
    case '02':
      return { status: 'refused' }
    case '03':
      return { status: 'no-answer' }
    case '04':
      return { status: 'no-code' }
    case '05':
      return { status: 'odd-answer' }
    default:
      return undefined
  }
}

function blockOf(result: unknown): TimedBlock | undefined {
  const { number, hash, timestamp } = (result ?? {}) as Readonly<Record<string, unknown>>
  if (typeof hash !== 'string' || !isHash(hash)) return undefined
  const [height, time] = [Number(number), Number(timestamp)]
  if (!Number.isSafeInteger(height) || !Number.isSafeInteger(time)) return undefined
  return { number: height, hash: hash.toLowerCase() as Hash, timestamp: time }
}
