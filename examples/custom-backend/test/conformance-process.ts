import { openWal } from '@wal/core'
import { conformanceProcess } from '@wal/walimpls/conformance'
import { sqliteBuilder } from '../src/index.js'

await conformanceProcess({ openWal, builder: sqliteBuilder })
