#!/usr/bin/env node
import { systemRuntime } from '@wal/walimpls'
import type { HistoryEvent } from './history/history-event.js'
import { readHistory } from './history/read-history.js'
import { checkHistory } from './judge/check-history.js'

// wal-check-history FILE…
// Checks each file as one history. Exit code 0: every history keeps the rules. 1: one breaks a rule. 2: one cannot be read.

async function read(path: string): Promise<string> {
  const file = await systemRuntime.files.open(path, 'read')
  try {
    const bytes = new Uint8Array(await file.size())
    const length = await file.read(bytes, 0)
    return new TextDecoder().decode(bytes.subarray(0, length))
  } finally {
    await file.close()
  }
}

function summary(events: readonly HistoryEvent[]): string {
  const count = (kind: HistoryEvent['kind']) => events.filter((event) => event.kind === kind).length
  const settled = new Set(
    events.flatMap((event) =>
      event.kind === 'append-ok' || event.kind === 'append-failed' || event.kind === 'append-resolved'
        ? [`${event.log} ${event.append}`]
        : [],
    ),
  )
  const scanners = new Set(
    events.flatMap((event) => (event.kind === 'scanner-started' ? [`${event.log} ${event.scanner}`] : [])),
  )
  const appends = count('append-invoked')
  return `${appends} appends, ${count('delivered')} deliveries, ${scanners.size} scanners, ${appends - settled.size} unknown outcomes`
}

async function check(path: string): Promise<boolean> {
  const { events, lineOf } = readHistory(await read(path), path)
  const violations = checkHistory(events)
  for (const { rule, text, events: named } of violations) {
    const [first, ...others] = named.map(lineOf)
    const also = others.length === 0 ? '' : ` (with line ${others.join(', ')})`
    console.log(`${path}:${first ?? 0}: rule ${rule}: ${text}${also}`)
  }
  if (violations.length === 0) console.log(`${path}: kept: ${summary(events)}`)
  return violations.length === 0
}

async function main(paths: readonly string[]): Promise<number> {
  if (paths.length === 0) {
    console.error('Usage: wal-check-history FILE…   Each file is one history of JSON lines.')
    return 2
  }
  let code = 0
  for (const path of paths) {
    try {
      if (!(await check(path))) code = Math.max(code, 1)
    } catch (error) {
      console.error(`${path}: ${error instanceof Error ? error.message : String(error)}`)
      code = 2
    }
  }
  return code
}

// No `await` outside functions here: this file is also built as CommonJS, which has no such `await`.
void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code
})
