import { existsSync, readFileSync } from 'node:fs'

const tables = ['/proc/net/tcp', '/proc/net/tcp6']
/** The number by which Linux' tables say that a connection is open at both ends. */
const established = '01'

/** How many TCP connections to a port of this machine are open, as Linux counts them at the end that has this port. */
export function establishedConnections(port: number): number {
  if (!existsSync('/proc/net/tcp'))
    throw new Error('Connections are counted in /proc/net/tcp, which only Linux has.')
  return tables
    .filter((table) => existsSync(table))
    .reduce((sum, table) => sum + countEstablished(readFileSync(table, 'utf8'), port), 0)
}

/** Counts in the text of one of Linux' tables of TCP connections. */
export function countEstablished(table: string, port: number): number {
  const rows = table.split('\n').map((line) => line.trim().split(/\s+/))
  const wanted = port.toString(16).toUpperCase().padStart(4, '0')
  return rows.filter(([, local = '', , state]) => state === established && local.endsWith(`:${wanted}`))
    .length
}
