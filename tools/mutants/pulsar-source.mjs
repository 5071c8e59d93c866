/** The path of a source file of the Pulsar backend. */
export const source = (path) => `packages/impl-pulsar/src/${path}.ts`

/**
 * Makes the mutants of an area. Each is a name, a file, a text in it and what replaces it, and has to be caught by one test, which
 * needs no server.
 */
export const groupOf = (area) => (harness, mutants) =>
  mutants.map(([name, file, find, replace]) => ({
    ...{ name: `${area}: ${name}`, file, find, replace },
    harness: `packages/impl-pulsar/${harness}.test.ts`,
  }))
