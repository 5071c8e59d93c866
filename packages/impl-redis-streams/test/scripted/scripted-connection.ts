import { EventEmitter } from 'node:events'
import type { Redis } from 'ioredis'
import { appendScript } from '../../src/scripts/append-script.js'
import { deleteScript } from '../../src/scripts/delete-script.js'
import { lookScript } from '../../src/scripts/look-script.js'
import { pageScript } from '../../src/scripts/page-script.js'
import type { Script } from '../../src/scripts/script.js'
import { truncateScript } from '../../src/scripts/truncate-script.js'

const SCRIPTS: readonly (readonly [string, Script])[] = [
  ['append', appendScript],
  ['delete', deleteScript],
  ['look', lookScript],
  ['page', pageScript],
  ['truncate', truncateScript],
]

/** A command that the backend sent. It stays without an answer until a test gives one. */
export class SentCommand {
  readonly promise: Promise<unknown>
  #resolve: (value: unknown) => void = () => {}
  #reject: (error: unknown) => void = () => {}

  constructor(
    /** `append`, `look`, `page`, `truncate` or `delete` for the backend's scripts; otherwise the command's own name. */
    readonly name: string,
    /** Of a script, what follows its keys. */
    readonly args: readonly unknown[],
    /** The script was sent with its source. */
    readonly withSource = false,
  ) {
    this.promise = new Promise((resolve, reject) => {
      this.#resolve = resolve
      this.#reject = reject
    })
    this.promise.catch(() => {})
  }

  reply(value: unknown): void {
    this.#resolve(value)
  }

  fail(error: unknown): void {
    this.#reject(error)
  }
}

type Answer = (command: SentCommand) => unknown

const INFO = [
  'redis_version:7.0.15',
  'run_id:scripted',
  'aof_enabled:1',
  'maxmemory:0',
  'maxmemory_policy:noeviction',
  'connected_slaves:0',
  'role:master',
]

/** What a well server answers to what no test is about. Scripts have no answer here. */
const USUAL: Readonly<Record<string, Answer>> = {
  info: () => INFO.join('\r\n'),
  config: () => ['appendfsync', 'always', 'no-appendfsync-on-rewrite', 'no'],
  subscribe: () => 1,
  unsubscribe: () => 0,
  xtrim: () => 0,
  connect: () => undefined,
}

/**
 * A fake of an ioredis client, for unit tests: it has no server. It notes every command that the backend sends, and a test
 * plays the server: it answers now, late, in another order or never, fails a command, and ends the connection. The Lua of
 * the scripts does not run; tests against a real server prove that.
 */
export class ScriptedConnection extends EventEmitter {
  status = 'ready'
  readonly options = { host: 'scripted', port: 6379, db: 0 }
  /** All commands, in the order in which they were sent. */
  readonly sent: SentCommand[] = []
  /** Connections that the backend made from this one, for wake-ups and for confirmed appends. */
  readonly duplicates: ScriptedConnection[] = []
  #answers = new Map<string, Answer>(Object.entries(USUAL))
  #taken = 0

  /** As the option `client` takes it. */
  get client(): Redis {
    return this as unknown as Redis
  }

  /** Answers every such command from now on. The answer of a function is that of the command; what it throws fails it. */
  answer(name: string, answer: Answer): void {
    this.#answers.set(name, answer)
  }

  /** From now on a test answers every such command by itself. */
  leaveOpen(name: string): void {
    this.#answers.delete(name)
  }

  /** The next command of that name that no test has taken yet. Rejects when none is sent for long. */
  async next(name: string): Promise<SentCommand> {
    for (let turns = 0; turns < 1000; turns++) {
      const command = this.nextNow(name)
      if (command !== undefined) return command
      await turn()
    }
    throw new Error(`no command "${name}" was sent; all: ${this.names().join(', ')}`)
  }

  /** The same, if it was sent by now. */
  nextNow(name: string): SentCommand | undefined {
    for (let i = this.#taken; i < this.sent.length; i++) {
      const command = this.sent[i] as SentCommand
      if (command.name !== name) continue
      this.#taken = i + 1
      return command
    }
    return undefined
  }

  names(): string[] {
    return this.sent.map(({ name }) => name)
  }

  count(name: string): number {
    return this.sent.filter((command) => command.name === name).length
  }

  /** The connection ends: what is under way stays without an answer, as ioredis leaves it. */
  lose(reason?: Error): void {
    this.status = 'reconnecting'
    if (reason !== undefined) this.emit('error', reason)
    this.emit('close')
  }

  /** The client is connected again. */
  restore(): void {
    this.status = 'ready'
    this.emit('ready')
  }

  callBuffer(
    command: string,
    script: unknown,
    _keys: number,
    _stream: string,
    _state: string,
    ...args: unknown[]
  ) {
    const withSource = command === 'eval'
    const found = SCRIPTS.find(([, { digest, source }]) => script === (withSource ? source : digest))
    return this.send(found?.[0] ?? command, args, withSource)
  }

  info = () => this.send('info')
  config = (...args: unknown[]) => this.send('config', args)
  xtrim = (...args: unknown[]) => this.send('xtrim', args)
  exists = (...args: unknown[]) => this.send('exists', args)
  hget = (...args: unknown[]) => this.send('hget', args)
  scan = (...args: unknown[]) => this.send('scan', args)
  subscribe = (...args: unknown[]) => this.send('subscribe', args)
  unsubscribe = (...args: unknown[]) => this.send('unsubscribe', args)
  hello = (...args: unknown[]) => this.send('hello', args)
  auth = (...args: unknown[]) => this.send('auth', args)
  connect = () => this.send('connect')

  pipeline() {
    const commands: unknown[][] = []
    const pipeline = {
      exists(...args: unknown[]) {
        commands.push(['exists', ...args])
        return pipeline
      },
      call(...args: unknown[]) {
        commands.push(args)
        return pipeline
      },
      exec: () => this.send('pipeline', commands),
    }
    return pipeline
  }

  duplicate(): ScriptedConnection {
    const duplicate = new ScriptedConnection()
    duplicate.#answers = new Map(this.#answers)
    this.duplicates.push(duplicate)
    return duplicate
  }

  disconnect(): void {
    void this.send('disconnect')
    this.status = 'end'
    this.emit('end')
  }

  protected send(name: string, args: readonly unknown[] = [], withSource = false): Promise<unknown> {
    const command = new SentCommand(name, args, withSource)
    this.sent.push(command)
    const answer = this.#answers.get(name)
    if (answer !== undefined) {
      try {
        command.reply(answer(command))
      } catch (error) {
        command.fail(error)
      }
    }
    return command.promise
  }
}

/** Lets everything happen that is due now. */
export function turn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve))
}

/** An error that the server answered, as ioredis has it. */
export function replyError(text: string): Error {
  const error = new Error(text)
  error.name = 'ReplyError'
  return error
}
