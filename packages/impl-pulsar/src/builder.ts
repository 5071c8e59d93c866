import { type BuildWaits, invalidArgument, type OpenerBuilderImpls, type Runtime } from '@wal/walimpls'
import { chooseDriver } from './choose-driver.js'
import { mapError } from './driver/error-table.js'
import { type FullPulsarOptions, optionTable } from './driver/options.js'
import type { PulsarDriver } from './driver/pulsar-driver.js'
import { loadPulsarClient } from './native/load-pulsar-client.js'
import { nativeRefusal, openNativeDriver } from './native/native-driver.js'
import { PulsarOpener } from './opener.js'
import { openProtocolDriver } from './protocol/protocol-driver.js'
import type { PulsarId } from './records/message-id.js'
import { messageIds } from './records/message-ids.js'

const NAMESPACE = /^[\w=:.-]+\/[\w=:.-]+$/

export const pulsarBuilder: OpenerBuilderImpls<FullPulsarOptions, PulsarId> = {
  name: 'pulsar',
  schemes: { 'pulsar+ssl': { tls: true } },
  traits: { fencing: 'cluster', truncation: 'segment', list: true, delete: false },
  messageIds,
  options: optionTable,
  /** Connects to a broker and makes an opener. Rejects when no broker can be reached. */
  async build(options: FullPulsarOptions, runtime: Runtime, waits: BuildWaits = {}) {
    check(options)
    waits.signal?.throwIfAborted()
    try {
      return new PulsarOpener(await connect(options, runtime, waits), options, runtime)
    } catch (error) {
      waits.signal?.throwIfAborted()
      throw mapError(error, `connecting to ${options.hosts.join()}`)
    }
  },
}

function connect(options: FullPulsarOptions, runtime: Runtime, waits: BuildWaits): Promise<PulsarDriver> {
  const protocol = (reason: string) =>
    openProtocolDriver({ options, runtime, choice: { name: 'protocol', reason } }, waits)
  return chooseDriver(options.driver, {
    protocol,
    nativeRefusal: nativeRefusal(options),
    async loadNative() {
      const addon = await loadPulsarClient(options.pulsarClient)
      if (addon === undefined) return undefined
      return async (reason) =>
        openNativeDriver(options, runtime, { protocol: await protocol(reason), addon, reason })
    },
  })
}

/** What the option table cannot say. */
function check({ namespace, token, tokenSupplier, adminUrl }: FullPulsarOptions): void {
  if (!NAMESPACE.test(namespace))
    throw invalidArgument(
      'The option "namespace" of backend "pulsar" must be a tenant and a namespace, such as public/default',
      namespace,
    )
  if (token !== undefined && tokenSupplier !== undefined)
    throw invalidArgument(
      'The options "token" and "tokenSupplier" of backend "pulsar" exclude each other: give one of them',
    )
  if (adminUrl !== undefined && !isWebAddress(adminUrl))
    throw invalidArgument(
      'The option "adminUrl" of backend "pulsar" must be an address that begins with http:// or https://',
    )
}

function isWebAddress(text: string): boolean {
  try {
    return ['http:', 'https:'].includes(new URL(text).protocol)
  } catch {
    return false
  }
}
