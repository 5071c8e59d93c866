import { ScriptedConnection } from './scripted-connection.js'

/** The same fake for a client of a Cluster with two primaries. */
export class ScriptedCluster extends ScriptedConnection {
  readonly isCluster = true
  override readonly options = { host: 'scripted', port: 6379, db: 0, shardedSubscribers: true }
  readonly primaries = [new ScriptedConnection(), new ScriptedConnection()] as const

  nodes(): readonly ScriptedConnection[] {
    return this.primaries
  }

  ssubscribe = (...args: unknown[]) => this.send('ssubscribe', args)
  sunsubscribe = (...args: unknown[]) => this.send('sunsubscribe', args)
}
