import { conformanceProcess } from '@wal/conformance'
import { openWal } from '@wal/core'
import { kafkaBuilder } from '../src/builder.js'

await conformanceProcess({ openWal, builder: kafkaBuilder })
