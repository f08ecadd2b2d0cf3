import {
  computeAddress,
  recoverAddress,
  Signature,
  SigningKey,
  Transaction,
  TypedDataEncoder,
} from 'ethers'
import type { Address, Hash, Hex } from '#core/chain.ts'
import { AppError } from '#core/errors.ts'
import type { DigestSigner, TransactionSigner, VoucherSigner } from '#core/relay/ports.ts'
import { points } from './points-interface.ts'

/** A key of this process. @param key 32 bytes */
export function createLocalSigner(key: Hex): DigestSigner {
  const signing = new SigningKey(key)
  return {
    address: computeAddress(signing).toLowerCase() as Address,
    signDigest: async (digest) => signing.sign(digest).serialized as Hex,
  }
}

export type PlaceOfSpends = {
  readonly chainId: number
  readonly contract: Address
  /** What a transaction may use. */
  readonly gasLimit: number
}

/** Signs transactions to the points contract (EIP-1559), and those that only use up a nonce. */
export const createEthersTransactionSigner = (
  signer: DigestSigner,
  { chainId, contract, gasLimit }: PlaceOfSpends,
): TransactionSigner => ({
  sender: signer.address,
  async sign({ nonce, feeMaxRaw, tipRaw, spend }) {
    const data = spend
      ? points.encodeFunctionData('spend', [
          spend.operation,
          spend.wallet,
          spend.amountRaw,
          spend.deadlineS,
        ])
      : '0x'
    const transaction = Transaction.from({
      type: 2,
      chainId,
      nonce,
      to: spend ? contract : signer.address,
      data,
      value: 0n,
      gasLimit,
      maxFeePerGas: feeMaxRaw,
      maxPriorityFeePerGas: tipRaw,
    })
    transaction.signature = await provenSignature(signer, transaction.unsignedHash as Hash)
    return { hash: transaction.hash as Hash, bytes: transaction.serialized as Hex }
  },
})

const VOUCHER = {
  Voucher: [
    { name: 'operation', type: 'bytes32' },
    { name: 'account', type: 'address' },
    { name: 'amount', type: 'uint256' },
    { name: 'deadline', type: 'uint256' },
  ],
}

/** Signs vouchers of the points contract (EIP-712). */
export const createEthersVoucherSigner = (
  signer: DigestSigner,
  { chainId, contract }: Omit<PlaceOfSpends, 'gasLimit'>,
): VoucherSigner => ({
  async signVoucher({ operation, wallet, amountRaw, deadlineS }) {
    const domain = { name: 'Halyard Points', version: '1', chainId, verifyingContract: contract }
    const voucher = { operation, account: wallet, amount: amountRaw, deadline: deadlineS }
    const digest = TypedDataEncoder.hash(domain, VOUCHER, voucher) as Hash
    return (await provenSignature(signer, digest)).serialized as Hex
  },
})

/** What a remote key has signed is looked at before it is used: it may be another key's, or nothing at all. */
async function provenSignature(signer: DigestSigner, digest: Hash): Promise<Signature> {
  const given = await signer.signDigest(digest)
  try {
    // Refuses an s in the upper half of the group, which a chain refuses too.
    const signature = Signature.from(given)
    if (recoverAddress(digest, signature).toLowerCase() === signer.address) return signature
  } catch {
    // As if it were another key's.
  }
  throw new AppError(
    'unavailable',
    `relay: the signer of ${signer.address} gives no signature of that key; look at the address of the key, and at the signer`,
    { details: { field: 'relay' } },
  )
}
