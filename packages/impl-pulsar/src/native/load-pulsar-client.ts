import { createRequire } from 'node:module'
import { join, resolve } from 'node:path'
import { WalError } from '@wal/walimpls'
import { textOf } from '@wal/walimpls/helper'
import type { Addon } from './addon.js'

/**
 * Loads the package pulsar-client; undefined when it is not installed. `given` is the option `pulsarClient`: the module itself, or the
 * path of the package. Rejects with `WAL_UNAVAILABLE`, which is not retryable, when the package can't be loaded.
 */
export async function loadPulsarClient(
  given?: unknown,
  load: () => Promise<unknown> = importInstalled,
): Promise<Addon | undefined> {
  let loaded = given
  try {
    if (typeof given === 'string')
      loaded = createRequire(join(resolve(given), 'package.json'))(resolve(given))
    else if (given === undefined) loaded = await load()
  } catch (error) {
    if (given === undefined && isMissing(error)) return undefined
    throw notLoadable(textOf(error), error)
  }
  const addon = addonIn(loaded)
  if (addon === undefined) throw notLoadable('it has no Client and no MessageId')
  return addon
}

/** The comments tell bundlers to leave the import alone, as the package need not be there. */
function importInstalled(): Promise<unknown> {
  // @ts-expect-error: an optional peer, which this workspace never installs.
  return import(/* webpackIgnore: true */ /* @vite-ignore */ 'pulsar-client')
}

/** The addon in a value: the module itself, or the namespace that an `import` of it gives. Undefined when it is something else. */
function addonIn(value: unknown): Addon | undefined {
  if (isAddon(value)) return value
  const inner = (value as { default?: unknown } | undefined)?.default
  return isAddon(inner) ? inner : undefined
}

function isAddon(value: unknown): value is Addon {
  if (typeof value !== 'object' || value === null) return false
  const { Client, MessageId } = value as Partial<Record<keyof Addon, unknown>>
  return typeof Client === 'function' && MessageId !== undefined
}

/** What Node says when the package itself is missing, not a file that it needs, such as its binary. The last text is Vite's. */
const MISSING = /^(Cannot find (package|module) ['"]pulsar-client['"]|Could not resolve "pulsar-client")/

function isMissing(error: unknown): boolean {
  return MISSING.test(textOf(error))
}

function notLoadable(why: string, cause?: unknown): WalError {
  return new WalError(
    'WAL_UNAVAILABLE',
    `The package pulsar-client is installed and can't be loaded: ${why}. Install it again and let its install step run, which fetches its binary (pnpm: \`pnpm approve-builds\`), or choose the driver without native code: driver=protocol.`,
    { retryable: false, cause },
  )
}
