import { resolve } from 'node:path'
import type { OpenerBuilderImpls, Runtime, Waits } from '@wal/walimpls'
import type { NumberId } from '@wal/walimpls/helper'
import { messageIds } from './message-id.js'
import { FileOpener } from './opener.js'
import { type FullFileOptions, optionTable } from './options.js'

const absolute = (options: FullFileOptions) => ({ ...options, path: resolve(options.path) })

export const fileBuilder: OpenerBuilderImpls<FullFileOptions, NumberId> = {
  name: 'file',
  traits: { fencing: 'host', truncation: 'segment', list: true, delete: true },
  messageIds,
  options: optionTable,
  /** A relative path is resolved now, by the working directory of the process. */
  resolveOptions: absolute,
  /** Does not touch the disk: that begins with the first open. */
  async build(options: FullFileOptions, runtime: Runtime, waits: Waits = {}) {
    waits.signal?.throwIfAborted()
    return new FileOpener(absolute(options), runtime)
  },
}
