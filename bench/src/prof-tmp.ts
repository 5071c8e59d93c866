import { adaptorAppend, adaptorAppendBatch } from './cases/adaptor-overhead.js'
import * as file from './cases/file-in-flight.js'

const which = process.argv[2]
const c: any =
  which === 'append' ? adaptorAppend : which === 'batch' ? adaptorAppendBatch : Object.values(file)[0]
const n = which === 'file' ? 200_000 : 500_000
const { ours } = await c.prepare({ folder: '/tmp' } as any)
await ours.round(n)
for (let i = 0; i < 5; i++) {
  const before = process.cpuUsage()
  await ours.round(n)
  const { user, system } = process.cpuUsage(before)
  process.stdout.write(`${(((user + system) * 1000) / n).toFixed(0)} `)
}
await ours.close?.()
process.exit(0)
