import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { build, environment, install, installedScript, root, say, seconds } from './bootstrap.mjs'
import { run } from './children.mjs'
import { commandLine } from './command-line.mjs'
import { add, closingLine, summarize } from './vitest-report.mjs'

const usage = `Usage: npm test [-- FILTER ...]
       npm run test:unit [-- FILTER ...]
       npm run test:servers [-- FILTER ...]

npm test      installs, builds, lints, checks types, then runs the tests without servers on Node 20, 22 and 24 and
              those with servers once. The last line is the sum of all of these.
test:unit     the tests without servers, on the Node that runs this
test:servers  the tests that start Redis, Kafka and Pulsar

FILTER        part of a test file's path. This and any option is passed on to vitest.`

const total = { passed: 0, failed: 0, skipped: 0 }
const reports = mkdtempSync(join(tmpdir(), 'wal-test-'))
process.on('exit', () => rmSync(reports, { recursive: true, force: true }))

const given = commandLine(usage, (words) => {
  const mode = ['--unit', '--servers'].find((mode) => mode === words[0])
  return { mode, vitestArguments: mode === undefined ? words : words.slice(1) }
})
if (given !== undefined) {
  await test(given)
  process.exitCode = total.failed === 0 && total.passed > 0 ? 0 : 1
  console.log(`\n${closingLine(total)}`)
}

async function test({ mode, vitestArguments }) {
  if (!(await install())) {
    total.failed += 1
    return
  }
  if (mode === '--unit') return vitest(process.execPath, process.version, vitestArguments)
  if (mode === '--servers') return serverTests(vitestArguments)

  await step('build', build)
  await step('lint', () => tool('@biomejs/biome/bin/biome', 'ci', '.', '--colors=off'))
  await step('typecheck', () => tool('typescript/bin/tsc', '-p', '.'))
  await vitest(process.execPath, process.version, vitestArguments)
  // Tests with servers run on one Node version only. The effects of a newer Node show in the tests without servers.
  await serverTests([...(vitestArguments.length > 0 ? ['--passWithNoTests'] : []), ...vitestArguments])
  await versionMatrix(vitestArguments)
}

/** The tests that start Redis, Kafka and Pulsar. */
function serverTests(vitestArguments) {
  const configuration = ['--config', 'vitest.servers.config.ts']
  return vitest(process.execPath, `${process.version} with servers`, [...configuration, ...vitestArguments])
}

/** Counts as one test in the total. Its output is shown when it failed. */
async function step(name, action) {
  const started = Date.now()
  const { code, output } = await action()
  if (code !== 0) say(output)
  say(`${code === 0 ? '✔' : '✘'} ${name} (${seconds(started)})`)
  total[code === 0 ? 'passed' : 'failed'] += 1
}

function tool(script, ...args) {
  return run(process.execPath, [installedScript(script), ...args], { cwd: root, env: environment() })
}

async function vitest(nodeBinary, title, vitestArguments) {
  const started = Date.now()
  const report = join(reports, `${title}.json`)
  say(`\n▸ tests on Node ${title}`)
  const reporters = ['--reporter=default', '--reporter=json', `--outputFile.json=${report}`]
  const { code, output } = await run(
    nodeBinary,
    [installedScript('vitest/vitest.mjs'), 'run', ...reporters, ...vitestArguments],
    { cwd: root, env: environment(nodeBinary), output: 'inherit' },
  )
  if (output !== '') say(output)
  const counts = summarize(report, code)
  add(total, counts)
  say(
    `${counts.failed === 0 ? '✔' : '✘'} tests on Node ${title}: ${closingLine(counts)} (${seconds(started)})`,
  )
}

/** Runs the same tests with the newer Node versions that tools/package.json names. */
async function versionMatrix(vitestArguments) {
  if (process.platform !== 'linux' || process.arch !== 'x64') {
    say(
      `\nNOT RUN: the tests under Node 22 and 24. Their binaries are for linux x64, this is ${process.platform} ${process.arch}.`,
    )
    return
  }
  for (const name of ['node22', 'node24']) {
    const binary = join(root, 'tools/node_modules', name, 'bin/node')
    const { code, output } = existsSync(binary)
      ? await run(binary, ['--version'], { cwd: root, env: environment() })
      : { code: 127, output: 'it was not installed; remove node_modules and try again\n' }
    if (code === 0) await vitest(binary, output.trim(), vitestArguments)
    else {
      say(`\n✘ tests on ${name}: cannot run ${binary}: ${output}`)
      total.failed += 1
    }
  }
}
