import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { type AppendResult, openWal, type WAL } from '@wal/core'
import '@wal/impl-file'

/**
 * One life of a service on a small disk, mounted at the first argument. `fill` appends until nothing fits any more, uses
 * up what is left of the disk, and dies by SIGKILL. `truncate` does the same and truncates while an append waits.
 * `restart` opens the log for writing on the full disk, truncates and appends.
 */
const [disk = '', life = ''] = process.argv.slice(2)
const payload = new Uint8Array(8 * 1024)
const url = `file:${join(disk, 'log')}?segmentBytes=65536`

function say(report: object): void {
  process.stdout.write(`${JSON.stringify(report)}\n`)
}

/** Uses up all blocks of the disk, then all inodes. */
function exhaust(): void {
  for (const [size, name] of [
    [4096, 'block'],
    [1, 'byte'],
    [0, 'inode'],
  ] as const)
    try {
      for (let i = 0; ; i++) writeFileSync(join(disk, `${name}-${i}`), new Uint8Array(size))
    } catch {
      // Nothing of this size fits any more, so try the next smaller size.
    }
}

async function fill(wal: WAL) {
  const results: AppendResult[] = []
  for (;;) {
    const append = wal.append({ payload })
    append.catch(() => {})
    const late = new Promise<undefined>((resolve) => setTimeout(() => resolve(undefined), 1000))
    const result = await Promise.race([append, late])
    if (result === undefined) return { results, waiting: append }
    results.push(result)
  }
}

const wal = await openWal(url, { channel: 'orders', timeTickMs: 20 })
if (life === 'restart') {
  const positions: string[] = []
  for await (const { position } of wal.read({ until: 'end' })) positions.push(position)
  await wal.truncate(positions[Math.floor(positions.length / 2)] as string)
  for (let i = 0; i < 4; i++) await wal.append({ payload })
  let left = 0
  for await (const _ of wal.read({ until: 'end' })) left++
  say({ before: positions.length, left, warnings: wal.guarantees.warnings })
  await wal.close()
} else {
  const { results, waiting } = await fill(wal)
  exhaust()
  say({ acked: results.length })
  if (life === 'fill') process.kill(process.pid, 'SIGKILL')
  await wal.truncate(results[Math.floor(results.length / 2)]?.position as string)
  await waiting
  for (let i = 0; i < 4; i++) await wal.append({ payload })
  let left = 0
  for await (const _ of wal.read({ until: 'end' })) left++
  say({ left })
  await wal.close()
}
