import { test } from 'node:test'
import { memoryBuilder } from '@wal/core/testing'
import { conformanceTests } from '@wal/walimpls/conformance'
import { openWal } from '../src/index.js'

const leftOut = ['processes', 'secrets', 'disturbed', 'crashed', 'lost-end', 'restored-copy', 'holes']
conformanceTests({ test, openWal, builder: memoryBuilder(), options: 'memory:node-test', leftOut })
