import type { Runtime } from '@wal/walimpls'
import type { Cluster } from 'ioredis'

/**
 * Connects once: rejects when that does not succeed. ioredis leaves the promise of `connect` pending forever when the nodes
 * answer and their Cluster is not whole (`cluster_state:fail`); it closes then, and tries again by itself.
 */
export function connectCluster(cluster: Cluster, runtime: Pick<Runtime, 'yield'>): Promise<void> {
  return new Promise((resolve, reject) => {
    const closed = () => {
      const notWhole = () => reject(new Error('the nodes answer, and say that their Cluster is not whole'))
      // What ioredis itself has to say of a close comes first.
      void runtime.yield().then(notWhole)
    }
    cluster.once('close', closed)
    cluster
      .connect()
      .then(resolve, reject)
      .finally(() => cluster.off('close', closed))
  })
}
