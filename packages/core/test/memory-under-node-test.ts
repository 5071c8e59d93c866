import { test } from 'node:test'
import { conformanceTests } from '@wal/conformance'
import { memoryBuilder } from '@wal/core/testing'
import { openWal } from '../src/index.js'

const leftOut = ['processes', 'secrets', 'disturbed', 'crashed', 'lost-end', 'restored-copy', 'holes']
conformanceTests({ test, openWal, builder: memoryBuilder(), options: 'memory:node-test', leftOut })
