import { conformanceProcess } from '@wal/conformance'
import { openWal } from '@wal/core'
import { redisStreamsBuilder } from '../src/builder.js'

await conformanceProcess({ openWal, builder: redisStreamsBuilder })
