import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { onTestFinished, test } from 'vitest'

const program = fileURLToPath(new URL('./full-disk.ts', import.meta.url))

/**
 * Runs a service several times on a disk of its own, a tmpfs that only these processes see and can fill to the last byte.
 * Answers what the processes printed.
 */
async function onDisk(options: string, lives: readonly string[]): Promise<Record<string, never>[]> {
  assert.equal(
    process.platform,
    'linux',
    'a disk that is full to the last byte is a tmpfs, which only Linux mounts',
  )
  const disk = await mkdtemp(join(tmpdir(), 'wal-full-disk-'))
  onTestFinished(() => rm(disk, { recursive: true }))
  const run = lives
    .map((life) => `"$0" --import tsx "${program}" "${disk}" ${life} || test $? = 137`)
    .join(' && ')
  const script = `mount -t tmpfs -o ${options} tmpfs "${disk}" && ${run}`
  const { stdout } = await promisify(execFile)('unshare', ['-rm', 'sh', '-c', script, process.execPath])
  return stdout
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line))
}

const blocks = 'size=1m,nr_inodes=4096'
const inodes = 'size=64m,nr_inodes=30'

test('H115: truncate frees a disk without room, and the waiting append is acknowledged', async () => {
  const [full, after] = await onDisk(blocks, ['truncate'])
  assert.ok(Number(full?.acked) > 20, JSON.stringify(full))
  assert.ok(Number(after?.left) > 4 && Number(after?.left) < Number(full?.acked), JSON.stringify(after))
})

test('truncate frees a disk without inodes, and the waiting append is acknowledged', async () => {
  const [full, after] = await onDisk(inodes, ['truncate'])
  assert.ok(Number(full?.acked) > 20, JSON.stringify(full))
  assert.ok(Number(after?.left) > 4 && Number(after?.left) < Number(full?.acked), JSON.stringify(after))
})

for (const [what, options] of [
  ['room', blocks],
  ['inodes', inodes],
] as const)
  test(`a log on a disk without ${what} is opened for writing after a crash, and truncated`, async () => {
    const [full, after] = await onDisk(options, ['fill', 'restart'])
    assert.equal(after?.before, full?.acked)
    assert.ok(Number(after?.left) > 4 && Number(after?.left) < Number(full?.acked), JSON.stringify(after))
    // The log has reserved room again for the next time that the disk is full.
    assert.doesNotMatch(JSON.stringify(after?.warnings), /disk is full/)
  })
