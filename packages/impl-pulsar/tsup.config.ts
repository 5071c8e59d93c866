import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
  },
  format: ['esm', 'cjs'],
  target: 'node20',
  // `Symbol.asyncDispose` is in the declarations: they check without @types/node as well.
  dts: { banner: '/// <reference lib="esnext.disposable" />' },
  sourcemap: true,
  clean: true,
  // With splitting, the registration in index.ts may land in a chunk that a bundler drops.
  splitting: false,
})
