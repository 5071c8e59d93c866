import type { Certificates } from '../tls/certificates.js'

export interface RedisOptions {
  /** When the server syncs its append-only file. With `null` it keeps nothing on disk. Default: 'everysec'. */
  readonly appendfsync?: 'always' | 'everysec' | 'no' | null
  /** The setting `requirepass`: the password of the default user. */
  readonly password?: string
  /** Lines of an ACL file, such as `user writer on >secret ~* &* +@all`. */
  readonly acl?: readonly string[]
  /** Certificates for TLS. With them the server's port accepts TLS only. */
  readonly tls?: Certificates
  /** Additional settings, such as `{ maxmemory: '32mb' }`. */
  readonly config?: Readonly<Record<string, string | number>>
}

/** The command line of a server that listens on `port` and keeps its files in its working directory. */
export function redisArguments(port: number, options: RedisOptions): string[] {
  const { appendfsync = 'everysec', password, tls } = options
  const directives: Record<string, string | number> = {
    bind: '127.0.0.1',
    daemonize: 'no',
    // Snapshots are off: they would store the content of the append-only file a second time.
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

/** The settings with which a server accepts only TLS on `port`. */
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
