import { resolve } from 'node:path'
import type { OpenerBuilderImpls, Runtime, Waits } from '@wal/walimpls'
import type { NumberId } from '@wal/walimpls/helper'
import { messageIds } from './message-id.js'
import { FileOpener } from './opener.js'
import { type FullFileOptions, optionTable } from './options.js'

export const fileBuilder: OpenerBuilderImpls<FullFileOptions, NumberId> = {
  name: 'file',
  traits: { fencing: 'host', truncation: 'segment', list: true, delete: true },
  messageIds,
  options: optionTable,
  /** Touches no disk. A relative path means the working directory of now. */
  async build(options: FullFileOptions, runtime: Runtime, waits: Waits = {}) {
    waits.signal?.throwIfAborted()
    return new FileOpener({ ...options, path: resolve(options.path) }, runtime)
  },
}
