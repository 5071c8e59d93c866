import { defineConfig } from 'vitest/config'
import unitTests from './vitest.config.js'

export default defineConfig({
  ...unitTests,
  test: {
    ...unitTests.test,
    include: ['packages', 'examples', 'tools'].map((folder) => `${folder}/**/*.server.test.ts`),
    exclude: ['**/node_modules/**', '**/dist/**'],
    globalSetup: 'tools/brokers/src/shared/vitest-setup.ts',
    // A first start downloads its server.
    testTimeout: 120_000,
    hookTimeout: 900_000,
    // Each file may run several Java servers.
    maxWorkers: 2,
  },
})
