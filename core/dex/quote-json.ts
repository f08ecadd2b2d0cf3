import type { Confirmation } from './quote.ts'

/** Amounts as JSON carries them: decimal text, since numbers there have 53 bits. */
export const amountsJson = ({
  amountIn,
  amountOut,
}: {
  readonly amountIn: bigint
  readonly amountOut: bigint
}) => ({ amountIn: amountIn.toString(), amountOut: amountOut.toString() })

/** A confirmation as JSON, the same wherever it is written. */
export function confirmationJson(confirmation: Confirmation): object {
  switch (confirmation.status) {
    case 'confirmed':
      return {
        status: confirmation.status,
        by: confirmation.by,
        gas: confirmation.gas.toString(),
      }
    case 'differs':
      return {
        status: confirmation.status,
        by: confirmation.by,
        quoted: amountsJson(confirmation.quoted),
        executed: amountsJson(confirmation.executed),
        gas: confirmation.gas.toString(),
      }
    case 'unconfirmed':
      return {
        status: confirmation.status,
        cause: confirmation.cause,
        by: confirmation.by,
        reason: confirmation.reason,
      }
    default:
      return confirmation satisfies never
  }
}
