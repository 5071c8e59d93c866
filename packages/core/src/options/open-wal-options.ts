import type { OptionTable } from '@wal/walimpls'
import { CHANNEL_NAME, HOW_LONG_TO_OPEN, HOW_TO_OPEN } from './open-options.js'

/** Of `openWal`, beside those of every WAL. */
export const OPEN_WAL_OPTIONS = {
  channel: CHANNEL_NAME,
  ...HOW_TO_OPEN,
  ...HOW_LONG_TO_OPEN,
  backend: {
    type: 'value',
    defaultText: 'none',
    description: 'Options of the backend, beside those in the URL: clients, callbacks, what is long.',
    accepts: {
      rule: 'an object with options of the backend',
      test: (value) => typeof value === 'object' && value !== null,
    },
  },
  builder: {
    type: 'value',
    defaultText: 'by the URL',
    description: 'The builder of a backend that is not registered.',
    accepts: {
      rule: 'the builder of a backend',
      test: (value) => typeof (value as { build?: unknown } | null)?.build === 'function',
    },
  },
} as const satisfies OptionTable
