import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.ts'

export default defineConfig({
  // As Node resolves packages: GraphQL.js is two modules otherwise, whose classes do not know each other.
  resolve: {
    alias: [
      {
        find: /^graphql$/,
        replacement: fileURLToPath(import.meta.resolve('graphql')),
      },
    ],
  },
  test: {
    include: ['test/**/*.test.ts'],
    testTimeout: 30_000,
    // How long it takes until something comes about is nothing that a test may depend on.
    expect: { poll: { timeout: 20_000 } },
    hookTimeout: 60_000,
    // Suites start servers and chains of their own: more at once than cores only makes them wait for one another.
    maxWorkers: 2,
    sequence: { sequencer: LongestFirst },
    coverage: {
      provider: 'v8',
      include: ['core/**', 'adapters/**', 'wiring/**', 'faces/**', 'apps/**'],
    },
  },
})
