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
 * A process appends flights to a log and is killed twice. Three readers follow it all the while, and in the end each
 * must have got the input: all of it, once, in order.
 */
async function demo(options: DemoOptions, { log, signal, watch }: Stage): Promise<void> {
  const flights = await loadFlights(options.records)
  const total = flights.length
  console.log(`${number(total)} flights, from ${DATA_SET} (came with npm install: nothing to download)`)
  console.log(`go to the channel ${log.channel} at ${redacted(log.url)}`)

  using progress = openProgress(['writer', ...Object.values(READER)], total)
  const follow = (name: string) => ({ signal, progress: (count: number) => progress.update(name, count) })
  const job = (name: string) => ({ ...log, total, name })

  // Two readers start before there is a log, one of them in a process of its own. No kill will disturb them.
  const readings = [
    watch(readFlights(job(READER.here), follow(READER.here))),
    watch(readElsewhere(job(READER.apart), follow(READER.apart))),
  ]

  // The writer lives three times. Each life goes on behind the last record that it finds in the log.
  const lives: Life[] = []
  for (const killAt of [Math.floor(total / 3), Math.floor((2 * total) / 3), undefined]) {
    lives.push(await runWriter({ ...log, total, killAt, acked: lives.at(-1)?.acked }, follow('writer')))
    if (killAt !== undefined) progress.say(`killed the writer at record ${number(killAt)}`)
    // The third reader comes late, and starts with the first record all the same.
    if (lives.length === 1) readings.push(watch(readFlights(job(READER.late), follow(READER.late))))
  }
}
