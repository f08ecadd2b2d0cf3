import { countQuarantine } from '#core/indexing/count-quarantine.ts'
import { listQuarantine } from '#core/indexing/list-quarantine.ts'
import { logCursor } from '#api/cursors.ts'
import { PAGE_DEFAULT, PAGE_MAX } from '#api/pages.ts'
import { quarantineCount, quarantinedLog } from '#resources/quarantine.ts'
import { endpoint } from './endpoint.ts'
import { after, limit } from './parameters.ts'

export const quarantine = endpoint({
  path: '/v1/quarantine',
  id: 'listQuarantine',
  summary: 'Logs of indexed contracts that do not decode, oldest first, with the reason.',
  returns: { page: quarantinedLog },
  parameters: {
    limit: limit(PAGE_DEFAULT, PAGE_MAX),
    after: after(logCursor).optional(),
  },
  async answer(ports, view, input) {
    const { items, hasMore } = await listQuarantine(ports, view, {
      limit: input.limit,
      ...(input.after && { after: input.after }),
    })
    const last = items.at(-1)
    const place = last && { number: last.block.number, logIndex: last.log.logIndex }
    return { items, nextCursor: hasMore && place ? logCursor.encode(place) : null }
  },
})

export const quarantineCounts = endpoint({
  path: '/v1/quarantine/counts',
  id: 'countQuarantine',
  summary:
    'How many logs do not decode, for each contract and reason, most first; at most the oldest 100,000 are counted.',
  returns: { page: quarantineCount },
  parameters: {},
  async answer(ports, view) {
    const { counts } = await countQuarantine(ports, view)
    return { items: counts, nextCursor: null }
  },
})
