import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { createMetrics } from '#adapters/metrics/metrics.ts'
import { createApiMetrics } from '#api/metrics.ts'
import { createMetadataMetrics } from '#cli/metadata/metadata-metrics.ts'
import { createKeeperMetrics } from '#cli/points/keeper-metrics.ts'
import { createRoleMetrics } from '#cli/roles/role-metrics.ts'
import { createDeliveryMetrics } from '#cli/webhooks/delivery-metrics.ts'
import { createRelayMetrics } from '#cli/relay/relay-metrics.ts'
import { createIndexerMetrics } from '#indexer/metrics.ts'
import { findProgram, missing } from './servers/programs.ts'

const folder = join(import.meta.dirname, '../charts/alerts')
const rules = readFileSync(join(folder, 'halyard.rules.yml'), 'utf8')
const promtool = findProgram('promtool')
if (!promtool) missing('the tests of the alert rules', 'put promtool (of Prometheus) on the PATH')

describe('the alert rules', () => {
  test.skipIf(!promtool)('fire when they should, and only then', () => {
    const output = execFileSync(promtool as string, ['test', 'rules', 'halyard.rules.test.yml'], {
      cwd: folder,
      encoding: 'utf8',
    })
    expect(output).toContain('SUCCESS')
  })

  test('speak of metrics that there are', async () => {
    const exposed = [
      await createIndexerMetrics(createMetrics(), () => 0).render(),
      await createApiMetrics(createMetrics()).render([]),
      await createKeeperMetrics(createMetrics()).render(),
      await createRelayMetrics(createMetrics(), 'local').render(),
      await createDeliveryMetrics(createMetrics()).render(),
      await createRoleMetrics(createMetrics()).render(),
      await createMetadataMetrics(createMetrics()).render(),
    ].join('\n')
    const names = new Set(rules.match(/\b(halyard|http)_[a-z_]+\b/g))
    expect(names.size).toBeGreaterThan(5)
    for (const name of names) expect(exposed).toContain(`# TYPE ${name.replace(/_bucket$/, '')} `)
  })
})
