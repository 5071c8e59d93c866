import { fileURLToPath } from 'node:url'
import { LineProcess } from '../../conformance/src/processes/line-process.js'

const root = fileURLToPath(new URL('../../..', import.meta.url))

/** A TypeScript file as a process of its own, run on the sources, and the lines that it has printed. */
export class Child extends LineProcess {
  readonly lines: string[]

  constructor(file: URL, parameters: readonly string[] = [], nodeOptions: readonly string[] = []) {
    const lines: string[] = []
    super(
      {
        args: [...nodeOptions, '--import', 'tsx', fileURLToPath(file), ...parameters],
        cwd: root,
        env: { TSX_TSCONFIG_PATH: `${root}tsconfig.json` },
      },
      (line) => lines.push(line),
    )
    this.lines = lines
  }

  /** Resolves to the first line that starts with `beginning`, once it is there. Rejects when the process ends before. */
  async line(beginning: string): Promise<string> {
    const found = () => this.lines.find((line) => line.startsWith(beginning))
    await this.until(() => found() !== undefined)
    return found() as string
  }
}
