import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { findProgram } from '../process/find-program.js'
import { runCommand } from '../process/run-command.js'
import type { Progress } from '../server.js'

export interface Artifact {
  readonly group: string
  readonly name: string
  readonly version: string
}

/** After how many downloaded jars a line of progress is printed. */
const progressEvery = 50

/** Downloads `artifacts` and all jars that they need at run time into `folder`/jars, with the machine's `mvn`. */
export async function copyMavenArtifacts(
  artifacts: readonly Artifact[],
  folder: string,
  say: Progress,
): Promise<void> {
  const maven = findProgram('mvn')
  if (maven === undefined)
    throw new Error('its jars are fetched by Maven, and mvn is not on PATH: install Maven')
  const repository = join(folder, 'repository')
  await mkdir(repository)
  await writeFile(join(folder, 'pom.xml'), pom(artifacts))
  say(`fetching ${artifacts.map(({ name, version }) => `${name} ${version}`).join(', ')} by Maven`)
  let downloaded = 0
  await runCommand(
    maven,
    [
      ...['--batch-mode', '--file', join(folder, 'pom.xml')],
      // Each run has its own local repository, so that two runs do not disturb each other, and no half download is left behind.
      `-Dmaven.repo.local=${repository}`,
      'dependency:copy-dependencies',
      ...['-DincludeScope=runtime', `-DoutputDirectory=${join(folder, 'jars')}`],
    ],
    {
      cwd: folder,
      onLine: (line) => {
        if (!/Downloaded from .*\.jar/.test(line)) return
        downloaded += 1
        if (downloaded % progressEvery === 0) say(`${downloaded} jars fetched`)
      },
    },
  )
  await rm(repository, { recursive: true })
}

/** A minimal Maven project that depends on `artifacts`. */
export function pom(artifacts: readonly Artifact[]): string {
  const dependencies = artifacts.map(
    ({ group, name, version }) =>
      `    <dependency><groupId>${group}</groupId><artifactId>${name}</artifactId><version>${version}</version></dependency>`,
  )
  return [
    '<project xmlns="http://maven.apache.org/POM/4.0.0">',
    '  <modelVersion>4.0.0</modelVersion>',
    '  <groupId>wal</groupId><artifactId>servers</artifactId><version>1</version><packaging>pom</packaging>',
    '  <dependencies>',
    ...dependencies,
    '  </dependencies>',
    '</project>',
    '',
  ].join('\n')
}
