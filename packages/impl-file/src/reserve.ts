import { join } from 'node:path'
import type { FileSystem } from '@wal/walimpls'
import { isNoRoom } from './error-mapping.js'

/**
 * An open on a disk without room takes one of them, on a disk without inodes two: so often the log can be opened for
 * writing before something has to be truncated.
 */
const FILES = 4
/** An opening record takes less than one kilobyte, and a block of a file system mostly has four. */
const BYTES = 16 * 1024

/** Whether a segment that begins with so many bytes needs no more room than a reserved file has. */
export function fitsReserve(bytes: number): boolean {
  return bytes + 8 <= BYTES
}

/**
 * Room that a channel's folder sets aside: files full of zeros, with their blocks and their inodes. On a full disk an open
 * makes one of them its first segment, so that its opening record can be stored and the log can be truncated.
 */
export class Reserve {
  readonly #files: FileSystem
  readonly #directory: string

  constructor(files: FileSystem, directory: string) {
    this.#files = files
    this.#directory = directory
  }

  /** Makes the files that are missing. False when there is no room for them now. */
  async fill(): Promise<boolean> {
    try {
      for (const path of this.#paths()) if (!this.#files.existsNow(path)) await this.#create(path)
      return true
    } catch (error) {
      if (isNoRoom(error)) return false
      throw error
    }
  }

  /** Gives one of the files a new name, which no other file has. False when no file is left. */
  async useAs(path: string): Promise<boolean> {
    const reserved = this.#oneLeft()
    if (reserved === undefined) return false
    await this.#files.rename(reserved, path)
    return true
  }

  /** Removes one of the files, to make room for something else. False when no file is left. */
  async giveUpOne(): Promise<boolean> {
    const reserved = this.#oneLeft()
    if (reserved === undefined) return false
    await this.#files.remove(reserved)
    return true
  }

  #oneLeft(): string | undefined {
    for (const path of this.#paths()) if (this.#files.existsNow(path)) return path
    return undefined
  }

  async #create(path: string): Promise<void> {
    const file = await this.#files.open(path, 'create')
    try {
      await file.writeDurably([Buffer.alloc(BYTES)], 0)
    } catch (error) {
      await file.close()
      await this.#files.remove(path)
      throw error
    }
    await file.close()
  }

  *#paths(): Generator<string> {
    for (let i = 1; i <= FILES; i++) yield join(this.#directory, `reserve-${i}`)
  }
}
