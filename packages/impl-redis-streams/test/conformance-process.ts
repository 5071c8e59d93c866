import { openWal } from '@wal/core'
import { conformanceProcess } from '@wal/walimpls/conformance'
import { redisStreamsBuilder } from '../src/builder.js'

await conformanceProcess({ openWal, builder: redisStreamsBuilder })
