import { redactUrl } from '@wal/walimpls/helper'
import { type DemoOptions, HELP, parseArguments } from './arguments.js'
import { check, checkNothingFollows } from './check.js'
import { DemoFailure } from './demo-failure.js'
import { DATA_SET, loadFlights } from './input.js'
import { openProgress } from './progress.js'
import { readFlights } from './reader.js'
import { readElsewhere } from './reader-elsewhere.js'
import { number, report } from './report.js'
import { onStage, type Stage } from './stage.js'
import { type Life, runWriter } from './writer.js'

/**
 * A process appends flights to a log, and is killed twice. Three readers follow the log meanwhile. In the end each must have
 * got exactly the input: every record once, in order.
 */
async function demo(options: DemoOptions, stage: Stage): Promise<void> {
  const flights = await loadFlights(options.records)
  console.log(
    `input  ${number(flights.length)} flights of ${DATA_SET} (came with the install: nothing to download)`,
  )
  console.log(`log    ${stage.log.channel} on ${redactUrl(stage.log.url)}`)

  const { lives, readings } = await writeAndRead(flights.length, options, stage)
  await checkNothingFollows(stage.log, readings)
  console.log(report(lives, readings))
  check(flights, readings)
}

async function writeAndRead(total: number, { damage }: DemoOptions, { log, signal, watch }: Stage) {
  using progress = openProgress(['writer', 'reader here', 'reader apart', 'reader late'], total)
  const follow = (name: string) => ({ signal, progress: (count: number) => progress.update(name, count) })
  const reader = (name: string) => ({ ...log, name, total })

  // Two readers start before the log exists, one of them in its own process. No kill of the writer may disturb them.
  const damagedIndex = damage ? Math.floor(total / 2) : undefined
  const readings = [
    watch(readFlights({ ...reader('reader here'), damagedIndex }, follow('reader here'))),
    watch(readElsewhere(reader('reader apart'), follow('reader apart'))),
  ]

  // The writer process is started three times. Each time it continues behind the last record that it finds in the log.
  const lives: Life[] = []
  for (const killAt of [Math.floor(total / 3), Math.floor((2 * total) / 3), undefined]) {
    const life = await runWriter({ ...log, total, killAt, acked: lives.at(-1)?.acked }, follow('writer'))
    if (killAt !== undefined)
      progress.say(`✗ SIGKILL to the writer behind record ${number(life.acked.index)}`)
    lives.push(life)
    // The third reader starts late, and nevertheless reads from the first record on.
    if (lives.length === 1) readings.push(watch(readFlights(reader('reader late'), follow('reader late'))))
  }
  return { lives, readings: await Promise.all(readings) }
}

try {
  const options = parseArguments(process.argv.slice(2))
  if (options.help) console.log(HELP)
  else {
    await onStage(options, (stage) => demo(options, stage))
    console.log('verified')
  }
} catch (error) {
  // A `DemoFailure` is shown without a stack. Any other error is a defect, and is shown whole.
  console.error(error instanceof DemoFailure ? `failed: ${error.message}` : error)
  process.exitCode = error instanceof DemoFailure ? error.exitCode : 1
}
