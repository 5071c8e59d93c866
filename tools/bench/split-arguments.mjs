export const usage = `usage: npm run bench -- [--quick] [--rounds N] [--against COMMIT] [WORD…]
  WORD       part of a case's name; only cases that have all of them are run
  --quick    fewer operations a round
  --rounds   rounds that count, 5 when not said
  --against  measures the working tree beside that commit, in place of each case's peer`

/** `--against` is ours, since a clone has to be made before the bench starts: `{ commit, rest }`, or `{ problem }`. */
export function splitArguments(given) {
  const rest = []
  let commit
  for (let i = 0; i < given.length; i++) {
    const [name, ...value] = given[i].split('=')
    if (name !== '--against') rest.push(given[i])
    else if (commit !== undefined) return { problem: '--against may be given once' }
    else commit = value.length > 0 ? value.join('=') : (given[++i] ?? '')
  }
  if (commit === '' || commit?.startsWith('-')) return { problem: '--against needs a commit' }
  return { commit, rest }
}
