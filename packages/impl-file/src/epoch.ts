import type { FileSystem } from '@wal/walimpls'
import { codeOf, isNoRoom } from './error-mapping.js'
import { epochPath, parseListing } from './layout.js'
import { Reserve } from './reserve.js'

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
    if ((await createMarker(files, directory, epoch)) && epoch > highest) return epoch
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

/**
 * False when it is there already. On a disk without inodes the marker before it gets another name; where the file system
 * counts names too, a reserved file is given up.
 */
async function createMarker(files: FileSystem, directory: string, epoch: number): Promise<boolean> {
  const path = epochPath(directory, epoch)
  const create = async () => (await files.open(path, 'create')).close()
  try {
    return await exclusively(create)
  } catch (error) {
    if (!isNoRoom(error) || epoch === 1) throw error
  }
  try {
    return await exclusively(() => files.link(epochPath(directory, epoch - 1), path))
  } catch (error) {
    if (!(await new Reserve(files, directory).giveUpOne())) throw error
  }
  return exclusively(create)
}

/** Creates the marker. False when another writer has created one of that name before. */
async function exclusively(make: () => Promise<void>): Promise<boolean> {
  try {
    await make()
    return true
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false
    throw error
  }
}
