import { execFileSync, spawn } from 'node:child_process'
import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect, onTestFinished, test } from 'vitest'
import { readArguments } from '../bench/arguments.mjs'

const cloner = fileURLToPath(new URL('../bench/scratch-clone.mjs', import.meta.url))

/** Makes a repository with two commits. No branch leads to the first one any more. */
function repository() {
  const folder = mkdtempSync(join(tmpdir(), 'wal-repository-'))
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }))
  const git = (...args: string[]) =>
    execFileSync('git', ['-c', 'user.name=a', '-c', 'user.email=a@b', ...args], { cwd: folder }).toString()
  mkdirSync(join(folder, 'bench/src'), { recursive: true })
  const write = (text: string) => writeFileSync(join(folder, 'bench/src/case.ts'), text)
  git('init', '--quiet')
  write('then')
  git('add', '.')
  git('commit', '--quiet', '-m', 'then')
  const then = git('rev-parse', 'HEAD').trim()
  write('now')
  git('commit', '--quiet', '--all', '--amend', '-m', 'now')
  write('now, not committed')
  return { folder, then }
}

/** Makes the clone in another process, which prints the result and then waits. */
function cloning(repositoryFolder: string, commit: string) {
  const script = `
    const { scratchClone } = await import(${JSON.stringify(cloner)})
    const prepare = async () => undefined
    console.log(JSON.stringify(await scratchClone(${JSON.stringify(commit)}, { from: ${JSON.stringify(repositoryFolder)}, prepare })))
    setInterval(() => {}, 1000)`
  const child = spawn(process.execPath, ['--input-type=module', '--eval', script], {
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  onTestFinished(() => void child.kill('SIGKILL'))
  const answer = new Promise<{ folder: string; hash: string; problem?: string }>((resolve) =>
    child.stdout.once('data', (line) => resolve(JSON.parse(String(line)))),
  )
  const exit = new Promise((resolve) => child.once('exit', resolve))
  return { child, answer, exit }
}

test.each(['SIGINT', 'SIGTERM'] as const)(
  'the clone of a commit is removed when %s ends the bench',
  async (signal) => {
    const { folder, then } = repository()
    const { child, answer, exit } = cloning(folder, then.slice(0, 10))
    const clone = await answer
    expect(clone.hash).toBe(then)
    const textOf = (path: string) => readFileSync(join(clone.folder, path), 'utf8')
    expect(textOf('bench/src-own/case.ts')).toBe('then')
    expect(textOf('bench/src/case.ts')).toBe('now, not committed')
    child.kill(signal)
    await exit
    expect(existsSync(clone.folder)).toBe(false)
  },
)

test('a name that is not a commit of the repository is reported', async () => {
  const { folder } = repository()
  const { answer } = cloning(folder, 'nowhere')
  expect(await answer).toEqual({ problem: '"nowhere" names no commit of this repository.' })
})

test('the bench takes options, and words that choose the cases', () => {
  expect(readArguments(['--quick', '--against', 'HEAD~1', 'file'])).toEqual({
    commit: 'HEAD~1',
    quick: true,
    rounds: '5',
    words: ['file'],
  })
  expect(readArguments(['--against=HEAD'])).toMatchObject({ commit: 'HEAD', words: [] })
  expect(readArguments(['file', '--rounds', '10'])).toMatchObject({ commit: undefined, rounds: '10' })
})

test.each([
  [['--against'], 'argument missing'],
  [['--against', '--quick'], 'argument is ambiguous'],
  [['--against='], '--against needs a commit'],
  [['--against', 'a', '--against', 'b'], '--against may be given once'],
  [['--rounds', 'many'], '"many" is not a number of rounds'],
  [['--fast'], "Unknown option '--fast'"],
])('%j is refused: %s', (words, reason) => {
  expect(() => readArguments(words)).toThrow(reason)
})
