import type { FileSystem } from '@wal/walimpls'
import { codeOf } from './error-mapping.js'
import { epochPath, parseListing } from './layout.js'

/**
 * Takes the next epoch: from when this resolves, no writer of an earlier one acknowledges a batch that it has not
 * written already, since each looks for its successor between sync and acknowledgement.
 *
 * Markers are gapless, so looking for one name is enough, and never removed: a writer stopped for a year still finds its
 * successor's. A power loss may take markers and leave segments; the missing ones are made again on the way.
 */
export async function claimEpoch(files: FileSystem, directory: string): Promise<number> {
  const { segments, highestMarker } = parseListing(await files.list(directory))
  const highest = Math.max(highestMarker, segments.at(-1)?.epoch ?? 0)
  for (let epoch = highestMarker + 1; ; epoch++) {
    if ((await createMarker(files, epochPath(directory, epoch))) && epoch > highest) return epoch
  }
}

/** Whether a later epoch was taken than this one. */
export function isSuperseded(files: FileSystem, directory: string, epoch: number): boolean {
  return files.existsNow(epochPath(directory, epoch + 1))
}

/** Whether the writer of this epoch may acknowledge. Its own marker is gone when somebody deleted the channel. */
export function isCurrent(files: FileSystem, directory: string, epoch: number): boolean {
  return !isSuperseded(files, directory, epoch) && files.existsNow(epochPath(directory, epoch))
}

async function createMarker(files: FileSystem, path: string): Promise<boolean> {
  try {
    const file = await files.open(path, 'create')
    await file.close()
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}
