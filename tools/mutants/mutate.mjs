/**
 * A mutant is one small way to break the product: `find`, which stands exactly once in `file`, becomes `replace`, and
 * the test file `harness` has to fail. A change of the code that removes `find` has to mend the mutant.
 *
 * @typedef {{ name: string, file: string, find: string, replace: string, harness: string }} Mutant
 */

/** The mutated text. Throws when `find` doesn't stand exactly once in it. */
export function mutate(text, { name, file, find, replace }) {
  const parts = text.split(find)
  if (parts.length !== 2)
    throw new Error(
      `mutant "${name}": what it replaces stands ${parts.length - 1} times in ${file}, not once:\n${find}`,
    )
  return parts.join(replace)
}
