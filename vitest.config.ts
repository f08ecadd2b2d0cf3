import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/longest-first.ts'

const CORE = 'test/core/**/*.test.ts'

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
    projects: [
      {
        extends: true,
        // Pure functions keep nothing from one suite to the next: they are loaded once for all of them.
        test: { name: 'core', include: [CORE], isolate: false },
      },
      {
        extends: true,
        test: {
          name: 'rest',
          include: ['test/**/*.test.ts'],
          exclude: [CORE],
          setupFiles: ['test/keep-compiled.ts'],
        },
      },
    ],
    // Machines that are busy with other work take several times as long as a quiet one.
    testTimeout: 90_000,
    // How long it takes until something comes about is nothing that a test may depend on.
    expect: { poll: { timeout: 45_000 } },
    hookTimeout: 120_000,
    // Suites wait for servers and disks a fifth of their time: one more than two cores keeps these at work.
    maxWorkers: 3,
    sequence: { sequencer: LongestFirst },
    coverage: {
      provider: 'v8',
      include: ['core/**', 'adapters/**', 'wiring/**', 'faces/**', 'apps/**'],
    },
  },
})
