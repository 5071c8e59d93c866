/** The path of a source file of the Kafka backend. */
export const source = (path) => `packages/impl-kafka/src/${path}.ts`

/** The path of a test of the Kafka backend on scripted connections, without a server. */
export const scripted = (name) => `packages/impl-kafka/test/scripted/${name}.test.ts`

/** Mutants, each a name, a file, a text in it and what replaces it, that one scripted test has to catch. */
export const group = (harness, mutants) =>
  mutants.map(([name, file, find, replace]) => ({
    ...{ name: `kafka: ${name}`, file, find, replace },
    harness: scripted(harness),
  }))
