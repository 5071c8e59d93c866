import { conformanceProcess } from '@wal/conformance'
import { openWal } from '@wal/core'
import { pulsarBuilder } from '../src/builder.js'

await conformanceProcess({ openWal, builder: pulsarBuilder })
