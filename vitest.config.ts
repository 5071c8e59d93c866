import { readFileSync } from 'node:fs'
import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'

const fromRoot = (path: string) => fileURLToPath(new URL(path, import.meta.url))

// Tests run on the sources, so no build can be stale under them. tsconfig.json is the one list of which
// specifier is which source file; it therefore has to stay plain JSON, without comments.
const { compilerOptions } = JSON.parse(readFileSync(fromRoot('./tsconfig.json'), 'utf8')) as {
  compilerOptions: { paths: Record<string, [string]> }
}
const alias = Object.entries(compilerOptions.paths).map(([specifier, [source]]) => ({
  // Anchored: the alias of `@wal/core` must not swallow `@wal/core/testing`.
  find: new RegExp(`^${specifier}$`),
  replacement: fromRoot(source),
}))

export default defineConfig({
  resolve: { alias },
  test: {
    include: [
      'packages/*/src/**/*.test.ts',
      'packages/*/test/**/*.test.ts',
      'examples/*/test/**/*.test.ts',
      'bench/**/*.test.ts',
      'tools/**/*.test.ts',
    ],
    // Tests that start servers have a configuration of their own, vitest.servers.config.ts.
    exclude: ['**/node_modules/**', '**/dist/**', '**/*.server.test.ts'],
    pool: 'forks',
    // What a test of memory measures is what is held: it calls `gc` before, and what that collects is given back at once.
    execArgv: ['--expose-gc', '--no-concurrent-array-buffer-sweeping'],
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // Vitest would leave one processor to itself. Many tests wait for timers and child processes.
    maxWorkers: Math.max(2, availableParallelism()),
  },
})
