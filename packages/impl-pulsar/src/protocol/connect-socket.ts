import { connect as connectTcp, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import { type BackendHost, CallFailure, deferred, hostText, onAbort, textOf } from '@wal/walimpls/helper'
import type { TlsOptions } from '../driver/options.js'

export interface SocketOptions {
  readonly host: Required<BackendHost>
  /** Absent: without TLS. */
  readonly tls: TlsOptions | undefined
}

export type OpenSocket = (options: SocketOptions, signal: AbortSignal) => Promise<Socket>

/** No connection could be made, so nothing was asked of the broker. `code` is the system's or OpenSSL's name of the reason. */
export class NotConnected extends CallFailure {
  constructor(
    text: string,
    readonly code: string | undefined,
  ) {
    super(text)
  }
}

/** Connects; with TLS, resolves when the broker's certificate is verified. An abort of the signal ends the attempt. */
export async function connectSocket(options: SocketOptions, signal: AbortSignal): Promise<Socket> {
  signal.throwIfAborted()
  const socket = open(options)
  const { promise, resolve, reject } = deferred()
  const stop = onAbort(signal, reject)
  const fail = (error: unknown) => reject(notConnected(options, error))
  const closed = () => reject(notConnected(options, new Error('the connection was closed')))
  socket.on('error', fail).once('close', closed)
  socket.once(options.tls === undefined ? 'connect' : 'secureConnect', resolve)
  try {
    await promise
    socket.setNoDelay(true)
    return socket
  } catch (error) {
    // A socket that is being destroyed may still have an error to report, which nobody waits for.
    socket.on('error', () => {})
    socket.destroy()
    throw error
  } finally {
    stop()
    socket.off('error', fail).off('close', closed)
  }
}

function open({ host: { host, port }, tls }: SocketOptions): Socket {
  if (tls === undefined) return connectTcp({ host, port })
  // The name of the certificate is checked by Node. An IP address is no server name in TLS.
  return connectTls({ host, port, ...(isIP(host) === 0 && { servername: host }), ...tls })
}

function notConnected({ host }: SocketOptions, error: unknown): NotConnected {
  const { code, errors } = error as { readonly code?: unknown; readonly errors?: unknown }
  // Node reports the failure of several addresses as an AggregateError without a text of its own.
  const said = textOf(error) || (Array.isArray(errors) ? textOf(errors[0]) : '') || String(code)
  return new NotConnected(
    `no connection to ${hostText(host)}: ${said}`,
    typeof code === 'string' ? code : undefined,
  )
}
