import type { OptionTable } from '@wal/walimpls'

export interface FileOptions {
  /** Folder that holds a folder for each channel; created when a channel is first opened for writing. */
  readonly path: string
  /** A segment that would outgrow this size is followed by a new one; storage is freed in whole segments. */
  readonly segmentBytes?: number
}

/** After `optionTable` has filled in the defaults. */
export type FullFileOptions = Required<FileOptions>

export const optionTable: OptionTable = {
  path: {
    type: 'text',
    from: 'path',
    required: true,
    description: 'folder that holds a folder for each channel',
  },
  segmentBytes: {
    type: 'integer',
    default: 64 * 1024 * 1024,
    min: 64 * 1024,
    max: 1024 * 1024 * 1024,
    description: 'size from which on a segment is followed by a new one; truncation frees whole segments',
  },
}
