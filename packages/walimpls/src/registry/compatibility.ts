import { WalError } from '../errors/wal-error.js'
import type { RegistryEntry } from './registry-entry.js'

/** The version of the contract in this package. It rises when backends that were written for the old one no longer work. */
export const SPEC_VERSION = 1

/** Throws `WAL_SPEC_UNSUPPORTED` when the backend was written for another version of the contract. */
export function checkCompatible(entry: RegistryEntry): void {
  if (entry.specVersion === SPEC_VERSION) return
  const remedy =
    entry.specVersion > SPEC_VERSION
      ? 'Upgrade @wal/core and @wal/walimpls.'
      : `Upgrade ${entry.packageName} to a version that was made for the installed @wal/walimpls.`
  throw new WalError(
    'WAL_SPEC_UNSUPPORTED',
    `The backend "${entry.builder.name}" of ${entry.packageName}@${entry.packageVersion} is written for version ${entry.specVersion} of the contract, and this process has version ${SPEC_VERSION}. ${remedy}`,
  )
}
