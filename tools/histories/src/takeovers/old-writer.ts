import { randomBytes } from 'node:crypto'
import { fileURLToPath } from 'node:url'
import { LineProcess } from '../../../../packages/conformance/src/processes/line-process.js'
import { MergedHistory } from '../../../../packages/conformance/src/processes/merged-history.js'
import type { OldWriterLine } from './old-writer-line.js'

const root = fileURLToPath(new URL('../../../..', import.meta.url))

/** The older of two writers of one log, in a process of its own whose program is an `OldWriterProcess`. */
export class OldWriter {
  acks = 0
  /** How many appends have no outcome yet. */
  inFlight = 0
  pausing = false
  /** How the process said that it ended. */
  ending: string | undefined
  readonly channel = `takeover-${randomBytes(6).toString('hex')}`
  readonly history = new MergedHistory()
  readonly tokens = new Map<string, readonly string[]>()
  /** The ids of its acknowledged records. */
  readonly acked: string[] = []
  readonly process: LineProcess

  /** Starts a program. Its one argument is the task as JSON, with the channel's name. */
  constructor(program: URL, task: object) {
    this.process = new LineProcess(
      {
        args: ['--import', 'tsx', fileURLToPath(program), JSON.stringify({ ...task, channel: this.channel })],
        cwd: root,
        env: { TSX_TSCONFIG_PATH: `${root}tsconfig.json` },
      },
      (line) => this.#hear(JSON.parse(line) as OldWriterLine),
    )
  }

  #hear(line: OldWriterLine): void {
    if ('pausing' in line) this.pausing = true
    else if ('ended' in line) this.ending = line.ended
    else {
      const { event, at, token } = line
      this.history.add(event, BigInt(at))
      if (event.kind === 'append-invoked') this.inFlight++
      else if (event.kind.startsWith('append-')) this.inFlight--
      if (event.kind === 'append-ok') {
        this.acks++
        this.acked.push(event.id)
      }
      if (event.kind === 'append-unknown' && token !== undefined) this.tokens.set(token, [event.append])
    }
  }
}
