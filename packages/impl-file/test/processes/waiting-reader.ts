import { openWal } from '@wal/core'
import '@wal/core/testing'
import '@wal/impl-file'
import { waitAtTheEnd } from './wait-at-the-end.js'

const [url = '', accessMode = 'rw'] = process.argv.slice(2)
await waitAtTheEnd(openWal, url, accessMode)
