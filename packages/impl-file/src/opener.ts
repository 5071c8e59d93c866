import { dirname, join } from 'node:path'
import {
  checkChannelName,
  isChannelName,
  type OpenerImpls,
  type Runtime,
  type Waits,
  WalError,
  type Writer,
} from '@wal/walimpls'
import { Lifetime, type NumberId } from '@wal/walimpls/helper'
import { claimEpoch } from './epoch.js'
import { codeOf, isMissing, mapError } from './error-mapping.js'
import { segmentPath } from './layout.js'
import { LogDirectory } from './log-directory.js'
import type { FullFileOptions } from './options.js'
import { FileReadOnlyWAL, FileWAL, type FileWALParts } from './wal.js'

/** The channels in one folder. */
export class FileOpener implements OpenerImpls<NumberId> {
  readonly #lifetime = new Lifetime({ what: 'The opener', mapped: mapError })
  readonly #options: FullFileOptions
  readonly #runtime: Runtime

  constructor(options: FullFileOptions, runtime: Runtime) {
    this.#options = options
    this.#runtime = runtime
  }

  openReadOnly(channel: string, waits?: Waits): Promise<FileReadOnlyWAL> {
    return this.#lifetime.opening(
      waits,
      async () => {
        await this.#mustHaveRecords(channel)
        const parts = await this.#partsOf(channel)
        return new FileReadOnlyWAL(parts)
      },
      `opening channel ${channel}`,
    )
  }

  /** Creates the folder of the channel. The fence is taken later, with the first batch. */
  open(channel: string, writer: Writer, waits?: Waits): Promise<FileWAL> {
    return this.#lifetime.opening(
      waits,
      async () => {
        await this.#makeFolder(this.#folderOf(channel))
        // An earlier attempt may have made the folder and failed to sync its name.
        await this.#runtime.files.syncDirectory(this.#options.path)
        const parts = await this.#partsOf(channel)
        return new FileWAL(parts, writer)
      },
      `opening channel ${channel}`,
    )
  }

  list(waits?: Waits): Promise<readonly string[]> {
    return this.#lifetime.during(
      waits,
      async () => {
        const channels: string[] = []
        for (const name of await this.#namesIn(this.#options.path)) {
          if (isChannelName(name) && (await this.#hasRecords(name))) channels.push(name)
        }
        return channels
      },
      `listing ${this.#options.path}`,
    )
  }

  /** Takes the fence first: otherwise a writer at work would go on writing to files that no longer have a name. */
  delete(channel: string, waits?: Waits): Promise<void> {
    return this.#lifetime.during(
      waits,
      async () => {
        await this.#mustHaveRecords(channel)
        const { files } = this.#runtime
        const directory = this.#folderOf(channel)
        await claimEpoch(files, directory)
        // The oldest goes first: after a crash on the way the log looks truncated, and never lacks its end.
        for (const name of (await new LogDirectory(files, directory).listing()).segments)
          await files.remove(segmentPath(directory, name))
        await files.remove(directory, { recursive: true })
        await files.syncDirectory(this.#options.path)
      },
      `deleting channel ${channel}`,
    )
  }

  close(): Promise<void> {
    return this.#lifetime.close()
  }

  #folderOf(channel: string): string {
    checkChannelName(channel)
    return join(this.#options.path, channel)
  }

  /** Throws `WAL_CHANNEL_NOT_FOUND` unless the folder of the channel is there. */
  async #partsOf(channel: string): Promise<FileWALParts> {
    const directory = this.#folderOf(channel)
    const { files } = this.#runtime
    const [place, shared] = await Promise.all([files.identity(directory), files.isShared(directory)])
    const { segmentBytes } = this.#options
    return { runtime: this.#runtime, channel, directory, place, shared, segmentBytes, opener: this.#lifetime }
  }

  async #mustHaveRecords(channel: string): Promise<void> {
    if (await this.#hasRecords(channel)) return
    throw new WalError(
      'WAL_CHANNEL_NOT_FOUND',
      `There is no channel "${channel}" in ${this.#options.path}. Opening it for writing makes it.`,
    )
  }

  async #hasRecords(channel: string): Promise<boolean> {
    const log = new LogDirectory(this.#runtime.files, this.#folderOf(channel))
    try {
      return (await log.head(await log.listing())) !== undefined
    } catch (error) {
      // ENOTDIR: a file, not a folder, has the name of a channel. A damaged log counts as there: readers are told of the
      // damage.
      if (isMissing(error) || codeOf(error) === 'ENOTDIR') return false
      if (WalError.isInstance(error)) return true
      throw error
    }
  }

  async #namesIn(directory: string): Promise<readonly string[]> {
    try {
      return await this.#runtime.files.list(directory)
    } catch (error) {
      if (isMissing(error)) return []
      throw error
    }
  }

  async #makeFolder(path: string): Promise<void> {
    const { files } = this.#runtime
    if (files.existsNow(path)) return
    const parent = dirname(path)
    if (parent !== path) await this.#makeFolder(parent)
    await files.makeDirectory(path)
    await files.syncDirectory(parent)
  }
}
