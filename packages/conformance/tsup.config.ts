import { defineConfig } from 'tsup'

export default defineConfig({
  entry: {
    index: 'src/index.ts',
    'check-history-command': 'src/check-history-command.ts',
  },
  format: ['esm', 'cjs'],
  target: 'node20',
  // `Symbol.asyncDispose` is in the declarations: they check without @types/node as well.
  dts: { banner: '/// <reference lib="esnext.disposable" />' },
  sourcemap: true,
  clean: true,
})
