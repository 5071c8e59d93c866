import { type ClientRequest, type IncomingMessage, type RequestOptions, request } from 'node:http'
import { request as secureRequest } from 'node:https'
import { type Runtime, WalError } from '@wal/walimpls'
import { abortable, CallFailure, type Deferred, deferred, onAbort } from '@wal/walimpls/helper'
import type { TlsOptions } from '../driver/options.js'

export interface AdminClientParts {
  /** The address of a broker's or a proxy's admin interface: `http://host:8080`. */
  readonly url: string
  /** The token for the login; undefined for none. */
  readonly token: () => Promise<string | undefined>
  readonly tls: TlsOptions | undefined
  readonly runtime: Pick<Runtime, 'setTimeout'>
  readonly timeoutMs: number
}

/** A broker sends a request on to the one that has the topic. */
const MAX_REDIRECTS = 5
/** An answer about a policy has some hundred bytes. */
const MAX_ANSWER_BYTES = 1024 * 1024

/** The admin interface refused a request, or does not speak as Pulsar's does. `status` is that of HTTP. */
export class AdminError extends Error {
  override readonly name = 'AdminError'

  constructor(
    readonly status: number,
    message: string,
  ) {
    super(message)
  }
}

interface Answer {
  readonly status: number
  readonly text: string
  readonly location: string | undefined
}

/** Reads from the admin interface of a Pulsar cluster. */
export class AdminClient {
  readonly #parts: AdminClientParts
  readonly #closing = new AbortController()

  constructor(parts: AdminClientParts) {
    this.#parts = parts
  }

  /**
   * The parsed answer to `GET /admin/v2/…`; undefined when there is none, as for a policy that nobody has set. Rejects with an
   * `AdminError` when the broker refuses.
   */
  async get(path: string): Promise<unknown> {
    const first = new URL(`${this.#parts.url.replace(/\/+$/, '')}/admin/v2/${path}`)
    let url = first
    for (let redirects = 0; redirects <= MAX_REDIRECTS; redirects++) {
      const { status, text, location } = await this.#ask(url)
      if (status >= 300 && status < 400 && location !== undefined) {
        url = new URL(location, url)
        // The token goes along, so it must not leave TLS.
        if (url.protocol !== first.protocol)
          throw new AdminError(status, `${first.host} sends the request on to ${url.protocol}//${url.host}`)
        continue
      }
      if (status < 200 || status >= 300)
        throw new AdminError(status, `HTTP ${status} for ${first.pathname}: ${reasonIn(text)}`)
      return text.trim() === '' ? undefined : parsed(text, first)
    }
    throw new AdminError(310, `${first.host} sends the request on more than ${MAX_REDIRECTS} times`)
  }

  /** Ends the requests in progress, and refuses later ones. */
  close(): void {
    this.#closing.abort(new WalError('WAL_CLOSED', 'The client of the admin interface is closed.'))
  }

  /** Asks for the token, then the interface. Both together have the time of a request. */
  async #ask(url: URL): Promise<Answer> {
    const { token, runtime, timeoutMs } = this.#parts
    this.#closing.signal.throwIfAborted()
    const limit = new AbortController()
    const timer = runtime.setTimeout(
      () => limit.abort(new CallFailure(`no answer of ${url.host} within ${timeoutMs} ms`)),
      timeoutMs,
    )
    const stop = onAbort(this.#closing.signal, (reason) => limit.abort(reason))
    try {
      return await this.#request(url, await abortable(token(), limit.signal), limit.signal)
    } finally {
      timer.clear()
      stop()
    }
  }

  async #request(url: URL, shown: string | undefined, signal: AbortSignal): Promise<Answer> {
    const { tls } = this.#parts
    const login = shown === undefined ? {} : { authorization: `Bearer ${shown}` }
    // An agent would keep the connection, and with it the process, for a while.
    const options: RequestOptions = { agent: false, headers: { accept: 'application/json', ...login } }
    const answer = deferred<Answer>()
    const outgoing: ClientRequest =
      url.protocol === 'https:' ? secureRequest(url, { ...tls, ...options }) : request(url, options)
    const stop = onAbort(signal, (reason) => outgoing.destroy(reason as Error))
    outgoing.on('error', answer.reject)
    outgoing.on('response', (incoming) => collect(incoming, answer))
    outgoing.end()
    return abortable(answer.promise, signal).finally(stop)
  }
}

function collect(incoming: IncomingMessage, answer: Deferred<Answer>): void {
  const chunks: Buffer[] = []
  let bytes = 0
  incoming.on('data', (chunk: Buffer) => {
    bytes += chunk.length
    if (bytes > MAX_ANSWER_BYTES)
      incoming.destroy(new CallFailure(`the answer has more than ${MAX_ANSWER_BYTES} bytes`))
    else chunks.push(chunk)
  })
  incoming.on('error', answer.reject)
  incoming.on('end', () =>
    answer.resolve({
      status: incoming.statusCode ?? 0,
      text: Buffer.concat(chunks).toString(),
      location: incoming.headers.location,
    }),
  )
}

function parsed(text: string, { pathname }: URL): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new AdminError(200, `the answer for ${pathname} is no JSON; is this address the admin interface?`)
  }
}

/** Pulsar answers errors as `{"reason":"…"}`. A proxy in between may answer a page. */
function reasonIn(text: string): string {
  const reason = /"reason"\s*:\s*"([^"]*)"/.exec(text)?.[1] ?? text
  return reason.slice(0, 200)
}
