import { type File, type FileSystem, type Runtime, systemRuntime } from '@wal/walimpls'

/**
 * The system's files. A test can make all operations under way fail: they are done, but report an error
 * of the disk. This is to a file backend what breaking connections is to a backend with a server.
 */
export class FailingFiles {
  #disturbances = 0

  /** The runtime of one process with these files. */
  runtime(): Runtime {
    return { ...systemRuntime, files: this.#failing(systemRuntime.files) }
  }

  disturb(): void {
    this.#disturbances++
  }

  #failing(files: FileSystem): FileSystem {
    return this.#wrapped(files, {
      open: async (...given) => {
        const before = this.#disturbances
        const file = await files.open(...given)
        if (this.#disturbances === before) return this.#wrapped(file, { close: () => file.close() })
        await file.close()
        throw failure('open')
      },
    })
  }

  #wrapped<T extends FileSystem | File>(target: T, replaced: Partial<T>): T {
    return new Proxy(target, {
      get: (inner, key) => {
        const mine = (replaced as Record<PropertyKey, unknown>)[key]
        if (mine !== undefined) return mine
        const value = Reflect.get(inner, key)
        if (typeof value !== 'function') return value
        return (...given: unknown[]) => {
          const answer = value.apply(inner, given)
          return answer instanceof Promise ? this.#unlessDisturbed(answer, String(key)) : answer
        }
      },
    })
  }

  async #unlessDisturbed<T>(operation: Promise<T>, name: string): Promise<T> {
    const before = this.#disturbances
    const result = await operation
    if (this.#disturbances !== before) throw failure(name)
    return result
  }
}

function failure(operation: string): Error {
  return Object.assign(new Error(`EIO: i/o error, ${operation}`), { code: 'EIO' })
}
