/**
 * A mutant is one small change that breaks the product: the text `find`, which occurs exactly once in `file`, is replaced by
 * `replace`, and the test file `harness` has to fail. When `find` no longer occurs in the code, the mutant has to be changed as
 * well.
 *
 * @typedef {{ name: string, file: string, find: string, replace: string, harness: string }} Mutant
 */

/** The source text with the mutant. Throws unless `find` occurs exactly once in it. */
export function mutate(text, { name, file, find, replace }) {
  const parts = text.split(find)
  if (parts.length !== 2)
    throw new Error(
      `mutant "${name}": what it replaces stands ${parts.length - 1} times in ${file}, not once:\n${find}`,
    )
  return parts.join(replace)
}
