import { WalError } from '../errors/wal-error.js'

/**
 * The error for an option name that is not in `known`. It names the nearest known name, if one is similar, and lists all of
 * them. `what` names the owner of the options: `openWal`, `backend "file"`.
 */
export function unknownOption(name: string, known: readonly string[], what: string): WalError {
  const shown = JSON.stringify(name.length > 80 ? `${name.slice(0, 80)}…` : name)
  const nearest = nearestOf(name, known)
  const hint = nearest === undefined ? '.' : `; did you mean "${nearest}"?`
  const all = known.length === 0 ? 'It takes no options.' : `Options: ${[...known].sort().join(', ')}.`
  return new WalError('WAL_INVALID_ARGUMENT', `${shown} is not an option of ${what}${hint} ${all}`)
}

/** The known name that is most similar: a few typing mistakes away, or with the same beginning. */
function nearestOf(name: string, known: readonly string[]): string | undefined {
  const given = name.slice(0, 80).toLowerCase()
  const allowed = Math.min(3, Math.floor(given.length / 3))
  let nearest: string | undefined
  let least = allowed + 1
  for (const each of known) {
    const distance = typingMistakes(given, each.toLowerCase())
    if (distance >= least) continue
    nearest = each
    least = distance
  }
  return nearest ?? known.find((each) => given.length >= 4 && each.toLowerCase().startsWith(given))
}

/** The edit distance of two texts: how many letters have to be removed, added, replaced or swapped with their neighbour. */
function typingMistakes(one: string, other: string): number {
  const row = (i: number): number[] => [i, ...new Array<number>(other.length).fill(0)]
  let before: number[] = []
  let above = Array.from({ length: other.length + 1 }, (_, j) => j)
  for (let i = 1; i <= one.length; i++) {
    const here = row(i)
    for (let j = 1; j <= other.length; j++) {
      const same = one[i - 1] === other[j - 1]
      let least = Math.min(at(above, j) + 1, at(here, j - 1) + 1, at(above, j - 1) + (same ? 0 : 1))
      if (i > 1 && j > 1 && one[i - 1] === other[j - 2] && one[i - 2] === other[j - 1])
        least = Math.min(least, at(before, j - 2) + 1)
      here[j] = least
    }
    before = above
    above = here
  }
  return at(above, other.length)
}

function at(row: readonly number[], index: number): number {
  return row[index] as number
}
