import { expect, test } from 'vitest'
import { countEstablished } from './established-connections.js'

const table = [
  '  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid  timeout inode',
  '   0: 0100007F:2EE1 00000000:0000 0A 00000000:00000000 00:00000000 00000000     0        0 101 1',
  '   1: 0100007F:2EE1 0100007F:8A3C 01 00000000:00000000 00:00000000 00000000     0        0 102 1',
  '   2: 0100007F:8A3C 0100007F:2EE1 01 00000000:00000000 00:00000000 00000000     0        0 103 1',
  '   3: 0100007F:2EE1 0100007F:8A3D 06 00000000:00000000 00:00000000 00000000     0        0 104 1',
].join('\n')

test("of a port's rows only those of open connections count, at the end that has the port", () => {
  expect(countEstablished(table, 0x2ee1)).toBe(1)
  expect(countEstablished(table, 0x2ee2)).toBe(0)
})
