import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'registry/index': 'src/registry/index.ts',
    'helper/index': 'src/helper/index.ts',
    'testing/index': 'src/testing/index.ts',
  },
  format: ['esm', 'cjs'],
  target: 'node20',
  // The testing entry augments this package by its own name, which would mean a dist that is not built yet.
  dts: { compilerOptions: { paths: { '@wal/walimpls': ['./src/index.ts'] } } },
  sourcemap: true,
  clean: true,
})
