import type { Runtime } from '@wal/walimpls'
import type { Cluster } from 'ioredis'

/**
 * Connects a Cluster client, and rejects when the first attempt fails. ioredis leaves the promise of `connect` pending forever
 * when the nodes answer `cluster_state:fail`: it then closes and tries again by itself. So this function watches for that
 * close.
 */
export function connectCluster(cluster: Cluster, runtime: Pick<Runtime, 'yield'>): Promise<void> {
  return new Promise((resolve, reject) => {
    const closed = () => {
      const notWhole = () => reject(new Error('the nodes answer, and say that their Cluster is not whole'))
      // `connect` may still reject with the error that closed the connection, which says more. It is given a turn to do so.
      void runtime.yield().then(notWhole)
    }
    cluster.once('close', closed)
    cluster
      .connect()
      .then(resolve, reject)
      .finally(() => cluster.off('close', closed))
  })
}
