import { relative } from 'node:path'
import { BaseSequencer, type TestSpecification } from 'vitest/node'

/**
 * The suites that take longest, from about half a minute on. Begun last, one of them would leave the other worker with
 * nothing to do; Vitest by itself goes by the size of a file, which says little about what it runs.
 */
const LONGEST = [
  'test/adapters/mongo.test.ts',
  'test/simulation/memory.test.ts',
  'test/apps/mainnet.test.ts',
  'test/apps/reindex.test.ts',
  'test/apps/dev.test.ts',
  'test/adapters/sqlite.test.ts',
  'test/simulation/sqlite.test.ts',
  'test/adapters/mongo-outages.test.ts',
  'test/apps/indexer.test.ts',
  'test/adapters/odd-nodes.test.ts',
  'test/apps/api-attack.test.ts',
  'test/apps/export.test.ts',
  'test/apps/quotes.test.ts',
  'test/readme.test.ts',
  'test/apps/raw.test.ts',
  'test/ownership/contracts.test.ts',
  'test/apps/share.test.ts',
  'test/apps/several-chains.test.ts',
  'test/simulation/ledger.test.ts',
  'test/simulation/relay.test.ts',
  'test/adapters/ledger-stores.test.ts',
  'test/simulation/mongo.test.ts',
]

/** Begins with the suites that take longest. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const placeOf = ({ moduleId, project }: TestSpecification): number => {
      const place = LONGEST.indexOf(relative(project.config.root, moduleId))
      return place < 0 ? LONGEST.length : place
    }
    // oxlint-disable-next-line no-array-sort -- not that of an array
    const sorted = await super.sort(files)
    return sorted.toSorted((a, b) => placeOf(a) - placeOf(b))
  }
}
