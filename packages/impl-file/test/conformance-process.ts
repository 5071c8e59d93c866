import { conformanceProcess } from '@wal/conformance'
import { openWal } from '@wal/core'
import { fileBuilder } from '../src/builder.js'

await conformanceProcess({ openWal, builder: fileBuilder })
