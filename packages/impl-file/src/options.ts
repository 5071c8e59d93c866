import type { FilledOptions, OptionTable } from '@wal/walimpls'

export interface FileOptions {
  /** Folder that holds a folder for each channel. Made when a channel is first opened for writing. */
  readonly path: string
  /**
   * A segment that would outgrow this size is followed by a new one. Truncation frees whole segments. From 64 KiB to 1
   * GiB. Default: 64 MiB.
   */
  readonly segmentBytes?: number
}

export type FullFileOptions = FilledOptions<FileOptions, typeof optionTable>

export const optionTable = {
  path: {
    type: 'text',
    from: 'path',
    required: true,
    description:
      'Folder that holds a folder for each channel. Made when a channel is first opened for writing.',
  },
  segmentBytes: {
    type: 'integer',
    unit: 'bytes',
    default: 64 * 1024 * 1024,
    min: 64 * 1024,
    max: 1024 * 1024 * 1024,
    description:
      'A segment that would outgrow this size is followed by a new one. Truncation frees whole segments.',
  },
} as const satisfies OptionTable
