import { WalError } from '../errors/wal-error.js'
import type { RegistryEntry } from './registry-entry.js'

/** Version of the contract in this package. It rises when a backend written against it would no longer be understood. */
export const SPEC_VERSION = 1

/** Throws `WAL_SPEC_UNSUPPORTED`, naming the package and the remedy. */
export function checkCompatible(entry: RegistryEntry): void {
  if (entry.specVersion === SPEC_VERSION) return
  const remedy =
    entry.specVersion > SPEC_VERSION
      ? 'Upgrade @wal/core and @wal/walimpls.'
      : `Upgrade ${entry.packageName} to a version for @wal/walimpls of today.`
  throw new WalError(
    'WAL_SPEC_UNSUPPORTED',
    `The backend "${entry.builder.name}" of ${entry.packageName}@${entry.packageVersion} is written for version ${entry.specVersion} of the contract, and this process has version ${SPEC_VERSION}. ${remedy}`,
  )
}
