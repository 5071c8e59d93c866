import { openWal } from '@wal/core'
import { conformanceProcess } from '@wal/walimpls/conformance'
import { fileBuilder } from '../src/builder.js'

await conformanceProcess({ openWal, builder: fileBuilder })
