import { cpSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'

/** The kit's hooks that put a channel's folder back to an older state, and copy it elsewhere. */
export class KitCopies {
  readonly #copies = mkdtempSync(join(tmpdir(), 'wal-file-copies-'))
  #ordinal = 0

  constructor(private readonly path: string) {}

  /** Restores a backup as an operator does: the folder stays and gets back the files that it had. */
  saveState(channel: string) {
    const saved = this.#copied(channel)
    const folder = join(this.path, channel)
    return {
      putBack: () => {
        for (const name of readdirSync(folder)) rmSync(join(folder, name), { recursive: true })
        cpSync(join(saved, channel), folder, { recursive: true })
      },
    }
  }

  copy(channel: string) {
    return { path: this.#copied(channel) }
  }

  remove(): void {
    rmSync(this.#copies, { recursive: true })
  }

  #copied(channel: string): string {
    const copy = join(this.#copies, `${this.#ordinal++}`)
    cpSync(join(this.path, channel), join(copy, channel), { recursive: true })
    return copy
  }
}
