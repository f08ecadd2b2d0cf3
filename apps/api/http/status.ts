import { statusAt, statusRow } from '#api/status.ts'
import { status as resource } from '#resources/status.ts'
import { endpoint } from './endpoint.ts'

export const status = endpoint({
  path: '/v1/status',
  id: 'readStatus',
  summary: 'How far the history reaches, and how far it is behind its chain.',
  parameters: {},
  returns: { item: resource },
  async answer(ports, view) {
    const live = await statusAt(ports, view)
    return { isLive: true, item: statusRow(ports, view, () => live) }
  },
})
