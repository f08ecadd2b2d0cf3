import { AbiCoder, hashMessage, Interface, recoverAddress, Signature } from 'ethers'
import type { Address, Hex } from '#core/chain.ts'
import type { SignatureVerifier } from '#core/identity/ports.ts'
import { createSend, type NodeRequest } from './eip1193.ts'
import artifact from './signature-lens.artifact.json' with { type: 'json' }

/** The account that the code of signature-lens.sol is lent to. No one has its key. */
const LENS: Address = '0x68616c796172642d7369676e2d30303030303030'

const lens = new Interface([
  'function verify(address account, bytes32 hash, address factory, bytes deployment, bytes signature) returns (uint256)',
])

/** What a signature of a contract that is not deployed yet ends in (EIP-6492). */
const MAGIC = '6492'.repeat(16)

const NOBODY = '0x0000000000000000000000000000000000000000'

/** Signatures of accounts with a key, and through the chain those of contracts. */
export function createEthersSignatureVerifier(
  request: NodeRequest,
  chainId: number,
): SignatureVerifier {
  const send = createSend(request, chainId)
  return {
    async verify({ address, message, signature }) {
      const hash = hashMessage(message)
      if (signerOf(hash, signature) === address) return true
      const { factory, deployment, inner } = unwrap(signature) ?? {
        factory: NOBODY,
        deployment: '0x',
        inner: signature,
      }
      const data = lens.encodeFunctionData('verify', [address, hash, factory, deployment, inner])
      const params = [{ to: LENS, data }, 'latest', { [LENS]: { code: artifact.runtime } }]
      const verdict = await send('eth_call', params, (result) =>
        typeof result === 'string' && /^0x[0-9a-f]{64}$/i.test(result) ? BigInt(result) : undefined,
      )
      return verdict === 1n
    },
  }
}

/** The account whose key made a signature; undefined where it is none of ECDSA, or not the one form that it may have. */
function signerOf(hash: string, signature: Hex): Address | undefined {
  // With 64 bytes it is the compact form of EIP-2098.
  if (signature.length !== 132 && signature.length !== 130) return undefined
  try {
    // Refuses an s in the upper half of the group, which would be a second form of the same signature.
    return recoverAddress(hash, Signature.from(signature)).toLowerCase() as Address
  } catch {
    return undefined
  }
}

type Unwrapped = { readonly factory: string; readonly deployment: string; readonly inner: string }

function unwrap(signature: Hex): Unwrapped | undefined {
  if (!signature.toLowerCase().endsWith(MAGIC)) return undefined
  try {
    const [factory, deployment, inner] = AbiCoder.defaultAbiCoder().decode(
      ['address', 'bytes', 'bytes'],
      signature.slice(0, -MAGIC.length),
    )
    return { factory: String(factory), deployment: String(deployment), inner: String(inner) }
  } catch {
    return undefined
  }
}
