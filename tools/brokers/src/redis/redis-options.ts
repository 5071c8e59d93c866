import type { Certificates } from '../tls/certificates.js'

export interface RedisOptions {
  /** When the append-only file is synced; 'everysec' unless given. `null` keeps nothing on disk. */
  readonly appendfsync?: 'always' | 'everysec' | 'no' | null
  /** `requirepass`. */
  readonly password?: string
  /** Lines of an ACL file, such as `user writer on >secret ~* &* +@all`. */
  readonly acl?: readonly string[]
  /** With certificates the port speaks TLS alone. */
  readonly tls?: Certificates
  /** Further directives, such as `{ maxmemory: '32mb' }`. */
  readonly config?: Readonly<Record<string, string | number>>
}

/** The command line of a server on `port` that keeps its files in its working directory. */
export function redisArguments(port: number, options: RedisOptions): string[] {
  const { appendfsync = 'everysec', password, tls } = options
  const directives: Record<string, string | number> = {
    bind: '127.0.0.1',
    daemonize: 'no',
    // Snapshots would only add a second copy of what the append-only file keeps.
    save: '',
    appendonly: appendfsync === null ? 'no' : 'yes',
    ...(appendfsync === null ? {} : { appendfsync }),
    ...(password === undefined ? {} : { requirepass: password, masterauth: password }),
    ...(options.acl === undefined ? {} : { aclfile: 'users.acl' }),
    ...(tls === undefined ? { port } : tlsDirectives(port, tls)),
    ...options.config,
  }
  return Object.entries(directives).flatMap(([name, value]) => [`--${name}`, String(value)])
}

/** What makes a server speak TLS alone on `port`. */
export function tlsDirectives(port: number, tls: Certificates): Record<string, string | number> {
  return {
    port: 0,
    'tls-port': port,
    'tls-cert-file': tls.serverCertificateFile,
    'tls-key-file': tls.serverKeyFile,
    'tls-ca-cert-file': tls.authorityFile,
    'tls-auth-clients': 'no',
    'tls-replication': 'yes',
  }
}
