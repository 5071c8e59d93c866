import { isMissing } from './error-mapping.js'
import { byWriting, segmentPath } from './layout.js'
import type { LogDirectory } from './log-directory.js'

/**
 * Removes the segments all of whose records lie below `before`, and what superseded writers left beside them. The
 * newest link stays: it holds the last record. A crash on the way leaves a log that begins at some segment in between,
 * since the chain ends where a predecessor is missing, whatever of older files comes back.
 */
export async function truncateSegments(log: LogDirectory, before: number): Promise<void> {
  const links = await log.links()
  const kept = links.filter(({ name }) => name.firstId <= before).at(-1) ?? links[0]
  if (kept === undefined) return
  const { segments } = await log.listing()
  const freed = segments.filter((name) => byWriting(name, kept.name) < 0)
  for (const name of freed) {
    try {
      await log.files.remove(segmentPath(log.path, name))
    } catch (error) {
      if (!isMissing(error)) throw error
    }
    log.index.forget(name)
  }
  // Synced even when nothing was removed: the call before may have removed the files and failed before this sync.
  await log.files.syncDirectory(log.path)
}
