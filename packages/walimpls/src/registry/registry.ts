import type { OpenerBuilderImpls } from '../builder.js'
import { invalidArgument } from '../errors/invalid-argument.js'
import { WalError } from '../errors/wal-error.js'
import { checkCompatible } from './compatibility.js'
import { registeredBackends } from './registered-backends.js'
import type { RegistryEntry } from './registry-entry.js'

/**
 * Makes a backend and the codec of its ids known to the process. A backend's package calls this once, at the top level of the
 * module that users import. A second call by the same package does nothing: a process may load the package as ESM and as
 * CommonJS, and both copies register. Another package with the same backend name is refused.
 */
export function registerBackend(entry: RegistryEntry): void {
  const name = entry.builder?.name
  if (typeof name !== 'string' || !/^[a-z][a-z0-9-]{1,31}$/.test(name))
    throw invalidArgument(
      'The name of a backend must begin with a lower-case letter, followed by lower-case letters, digits or "-", 2 to 32 characters in all',
      name,
    )
  const backends = registeredBackends()
  const present = backends.get(name) as RegistryEntry | undefined
  if (present === undefined) backends.set(name, entry)
  else if (present.packageName !== entry.packageName)
    throw new WalError(
      'WAL_BACKEND_ALREADY_REGISTERED',
      `The backend "${name}" of ${entry.packageName} can't be registered, since ${present.packageName}@${present.packageVersion} has that name. Import only one of them, or pass a builder to openWal.`,
    )
}

/** The names of the registered backends, sorted. */
export function listBackends(): string[] {
  return [...registeredBackends().keys()].sort()
}

/** The builder of a backend; undefined when no backend has that name. Throws `WAL_SPEC_UNSUPPORTED`. */
export function getBuilder(name: string): OpenerBuilderImpls | undefined {
  const entry = registeredBackends().get(name) as RegistryEntry | undefined
  if (entry === undefined) return undefined
  checkCompatible(entry)
  return entry.builder
}

/** The builder of a backend. Throws `WAL_BACKEND_NOT_REGISTERED`, which says what to import, and `WAL_SPEC_UNSUPPORTED`. */
export function mustGetBuilder(name: string): OpenerBuilderImpls {
  const builder = getBuilder(name)
  if (builder !== undefined) return builder
  const registered = listBackends()
  const have = registered.length === 0 ? 'No backend is registered' : `Registered: ${registered.join(', ')}`
  throw new WalError(
    'WAL_BACKEND_NOT_REGISTERED',
    `No backend is called ${JSON.stringify(name)}. ${have}. Import its package once, for example: import '@wal/impl-${/^[a-z0-9-]+(?=[+.]|$)/.exec(name)?.[0] ?? 'file'}'`,
  )
}
