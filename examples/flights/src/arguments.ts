import { parseArgs } from 'node:util'
import { backendNames } from './backends.js'
import { DemoFailure } from './demo-failure.js'
import { RECORDS } from './input.js'

export const HELP = `npm run demo -- [options]

  --backend NAME   which backend keeps the log: ${backendNames().join(', ')} (default: file)
  --url URL        log to a server that is running already, or to a folder of your own
  --records N      append only the first N flights of ${RECORDS}
  --damage         flip a byte of one delivered payload: the check has to find it
  --keep           leave the log behind
  --help           this text`

export interface DemoOptions {
  readonly backend: string
  readonly url: string | undefined
  readonly records: number
  readonly damage: boolean
  readonly keep: boolean
  readonly help: boolean
}

export function parseArguments(given: string[]): DemoOptions {
  const { url, backend, records, damage, keep, help } = values(given)
  return {
    // The scheme of a URL is the name of its backend.
    backend: backend ?? url?.split(':', 1)[0] ?? 'file',
    url,
    records: recordCount(records),
    damage,
    keep,
    help,
  }
}

function values(given: string[]) {
  try {
    const { values } = parseArgs({
      args: given,
      options: {
        backend: { type: 'string' },
        url: { type: 'string' },
        records: { type: 'string', default: String(RECORDS) },
        damage: { type: 'boolean', default: false },
        keep: { type: 'boolean', default: false },
        help: { type: 'boolean', default: false },
      },
    })
    return values
  } catch (error) {
    throw new DemoFailure(`${(error as Error).message}\n\n${HELP}`)
  }
}

function recordCount(text: string): number {
  const count = Number(text)
  // With fewer flights, the writer would be done before it could be killed in the middle.
  if (Number.isInteger(count) && count >= 1000 && count <= RECORDS) return count
  throw new DemoFailure(`--records takes a whole number from 1000 to ${RECORDS}, not "${text}"`)
}
