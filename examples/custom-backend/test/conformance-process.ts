import { conformanceProcess } from '@wal/conformance'
import { openWal } from '@wal/core'
import { sqliteBuilder } from '../src/index.js'

await conformanceProcess({ openWal, builder: sqliteBuilder })
