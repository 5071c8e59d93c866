const { openWal } = require('@wal/core')
require('@wal/core/testing')
require('@wal/impl-file')
const { waitAtTheEnd } = require('./wait-at-the-end.ts')

const [url = '', accessMode = 'rw'] = process.argv.slice(2)
void waitAtTheEnd(openWal, url, accessMode)
