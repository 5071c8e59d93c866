import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { ReplyError } from 'ioredis'
import { freePort } from '../process/free-port.js'
import { LocalServer, type LocalServerPlan } from '../process/local-server.js'
import type { Progress, Server } from '../server.js'
import { type RedisAddress, RedisConnection } from './redis-connection.js'
import { type RedisOptions, redisArguments } from './redis-options.js'
import { redisProgram } from './redis-program.js'

export interface RedisServer extends Server {
  readonly host: string
  readonly port: number
  /** The server's URL: `redis://` or `rediss://`, with the password if there is one. */
  readonly url: string
  /** Sends one command over a new connection. */
  command(...words: readonly (string | number)[]): Promise<unknown>
}

/** Starts one Redis server and waits until it answers `PING`. */
export async function startRedis(options: RedisOptions = {}, say: Progress = () => {}): Promise<RedisServer> {
  const port = await freePort()
  return startRedisProcess({ name: 'redis', port, options, args: redisArguments(port, options) }, say)
}

export interface RedisProcess {
  readonly name: string
  readonly port: number
  readonly options: RedisOptions
  readonly args: readonly string[]
  /** Files to write into the server's working directory before its first start. */
  readonly files?: Readonly<Record<string, string>>
}

export async function startRedisProcess(process: RedisProcess, say: Progress): Promise<RedisServer> {
  const program = await redisProgram(say)
  const { name, port, options } = process
  const server = new LocalRedis(
    {
      name,
      prepare: (folder) => {
        const acl = options.acl === undefined ? {} : { 'users.acl': `${options.acl.join('\n')}\n` }
        for (const [file, text] of Object.entries({ ...process.files, ...acl })) {
          writeFileSync(join(folder, file), text)
        }
        return { program: program.path, args: process.args, env: program.env }
      },
      probe: () =>
        pingRedis({ port, password: options.password, tls: options.tls && { ca: options.tls.authority } }),
      startTimeoutMs: 60_000,
    },
    port,
    options,
  )
  await server.start()
  say(`${name} answers at 127.0.0.1:${port}`)
  return server
}

export async function pingRedis(address: RedisAddress): Promise<void> {
  try {
    using connection = await RedisConnection.open(address)
    await connection.call('PING')
  } catch (error) {
    // A server that asks for a password is up. A server that answers LOADING is still reading its data.
    if (!(error instanceof ReplyError && /^(NOAUTH|NOPERM)/.test((error as Error).message))) throw error
  }
}

class LocalRedis extends LocalServer implements RedisServer {
  readonly host = '127.0.0.1'
  readonly url: string
  readonly #options: RedisOptions

  constructor(
    plan: LocalServerPlan,
    readonly port: number,
    options: RedisOptions,
  ) {
    super(plan)
    this.#options = options
    const { password, tls } = options
    const credentials = password === undefined ? '' : `:${encodeURIComponent(password)}@`
    this.url = `${tls === undefined ? 'redis' : 'rediss'}://${credentials}${this.host}:${port}`
  }

  async command(...words: readonly (string | number)[]): Promise<unknown> {
    const { password, tls } = this.#options
    using connection = await RedisConnection.open({
      port: this.port,
      password,
      tls: tls && { ca: tls.authority },
      timeoutMs: 30_000,
    })
    return await connection.call(...words)
  }
}
