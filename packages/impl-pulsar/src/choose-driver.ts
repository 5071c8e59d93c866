import { WalError } from '@wal/walimpls'
import type { PulsarDriver } from './driver/pulsar-driver.js'

/** Makes a driver, and connects it to the cluster. `reason`: why it was chosen. */
type MakeDriver = (reason: string) => Promise<PulsarDriver>

export interface Drivers {
  readonly protocol: MakeDriver
  /** Why the native driver cannot keep the options: one sentence; undefined when it can. */
  readonly nativeRefusal: string | undefined
  /**
   * Loads the package pulsar-client. Resolves with undefined when the application has not installed it, and rejects when it is
   * installed and cannot be loaded.
   */
  readonly loadNative: () => Promise<MakeDriver | undefined>
}

/**
 * Makes the driver that the option `driver` names. `auto` takes the native one where the application has installed the package
 * pulsar-client. When that package cannot be loaded the user decides: a change of driver in silence would change promises.
 */
export async function chooseDriver(
  driver: 'auto' | 'protocol' | 'native',
  { protocol, nativeRefusal, loadNative }: Drivers,
): Promise<PulsarDriver> {
  if (driver === 'protocol') return protocol('The option driver asks for it.')
  const native = await loadNative()
  if (native !== undefined && driver === 'auto' && nativeRefusal !== undefined) return protocol(nativeRefusal)
  if (native !== undefined)
    return native(
      driver === 'native' ? 'The option driver asks for it.' : 'The package pulsar-client is installed.',
    )
  if (driver === 'auto') return protocol('The package pulsar-client is not installed.')
  throw new WalError(
    'WAL_UNAVAILABLE',
    'The option driver asks for "native", and the package pulsar-client is not installed. Install it (`npm install pulsar-client`), or choose the driver without native code: driver=protocol.',
    { retryable: false },
  )
}
