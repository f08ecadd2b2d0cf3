import { combineDigest } from '#core/history/digest.ts'
import { finalizedOf, statusAt } from '#api/status.ts'
import { endpoint } from './endpoint.ts'

export const status = endpoint({
  path: '/v1/status',
  parameters: {},
  async answer(ports, view) {
    const { head } = view
    const { lag, chainAgeSeconds } = await statusAt(ports, view)
    return {
      isLive: true,
      item: {
        chainId: view.chainId,
        lag: lag.blocks,
        lagSeconds: lag.seconds,
        chainAgeSeconds,
        finalized: finalizedOf(head),
        digest: combineDigest(ports.sha256, head.digest),
        coverage: head.coverage,
      },
    }
  },
})
