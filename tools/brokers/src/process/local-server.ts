import { type ChildProcess, spawn } from 'node:child_process'
import { closeSync, existsSync, mkdirSync, mkdtempSync, openSync, readFileSync, rmSync } from 'node:fs'
import { cp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'
import type { SavedData, Server } from '../server.js'
import { guard } from './guard.js'
import { untilReady } from './until-ready.js'
import { untilStopped } from './until-stopped.js'

export interface Command {
  readonly program: string
  readonly args: readonly string[]
  readonly env?: NodeJS.ProcessEnv
}

export interface LocalServerPlan {
  readonly name: string
  /** Makes the command line of the server, which keeps all its files in `folder`. Called once. */
  readonly prepare: (folder: string) => Command | Promise<Command>
  /** Sends the server a real request. Rejects while the server cannot answer. */
  readonly probe: () => Promise<void>
  readonly startTimeoutMs: number
  /**
   * Whether the server's files, while its process is stopped, are such that the server starts on them. Absent: they always are.
   */
  readonly filesAreWhole?: (folder: string) => boolean
}

/** How long an orderly stop may take before it counts as failed. */
const shutDownTimeoutMs = 60_000
/** How often a process is stopped in search of a moment at which its files are whole, and how long it goes on between. */
const mostStops = 1_000
const goOnMs = 1

export class LocalServer implements Server {
  readonly name: string
  readonly #plan: LocalServerPlan
  readonly #folder: string
  readonly #unguardFolder: () => void
  #command: Command | undefined
  #child: ChildProcess | undefined
  #copies = 0
  #gone: Promise<void> = Promise.resolve()

  /** Makes a temporary folder for the server, without starting the server. */
  constructor(plan: LocalServerPlan) {
    this.name = plan.name
    this.#plan = plan
    this.#folder = mkdtempSync(join(tmpdir(), `wal-${plan.name}-`))
    this.#unguardFolder = guard({ folder: this.#folder })
  }

  get processId(): number | undefined {
    return this.#child?.pid
  }

  /** Starts the server's process, and waits until the server answers. When that fails, nothing is left behind. */
  async start(): Promise<this> {
    try {
      this.#command ??= await this.#prepare()
      this.#spawn(this.#command)
      await untilReady(this.#plan.probe, {
        what: this.name,
        timeoutMs: this.#plan.startTimeoutMs,
        ended: () => this.#child === undefined,
        logs: () => this.logs(),
      })
      return this
    } catch (error) {
      await this.stop()
      throw error
    }
  }

  async kill(): Promise<void> {
    await this.#stopWithWholeFiles()
    await this.#end()
  }

  async shutDown(): Promise<void> {
    this.#child?.ref()
    this.#signal('SIGCONT')
    this.#signal('SIGTERM')
    let timer: NodeJS.Timeout | undefined
    const expired = new Promise<never>((_, reject) => {
      timer = setTimeout(
        () => reject(new Error(`${this.name} did not end within ${shutDownTimeoutMs} ms of SIGTERM`)),
        shutDownTimeoutMs,
      )
    })
    try {
      await Promise.race([this.#gone, expired])
    } finally {
      clearTimeout(timer)
    }
  }

  async restart(): Promise<void> {
    await this.kill()
    await this.start()
  }

  async saveData(): Promise<SavedData> {
    const copy = join(this.#folder, `saved-${++this.#copies}`)
    if (this.#plan.filesAreWhole === undefined) await this.shutDown()
    else await this.#stopWithWholeFiles()
    await cp(this.#dataFolder, copy, { recursive: true })
    if (this.#plan.filesAreWhole === undefined || this.#child === undefined) await this.start()
    else this.thaw()
    return { putBack: () => this.#putBack(copy) }
  }

  freeze(): void {
    this.#signal('SIGSTOP')
  }

  thaw(): void {
    this.#signal('SIGCONT')
  }

  async stop(): Promise<void> {
    await this.#end()
    rmSync(this.#folder, { recursive: true, force: true, maxRetries: 10 })
    this.#unguardFolder()
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop()
  }

  logs(): string {
    return existsSync(this.#logFile) ? readFileSync(this.#logFile, 'utf8') : ''
  }

  get #dataFolder(): string {
    return join(this.#folder, 'data')
  }

  get #logFile(): string {
    return join(this.#folder, 'server.log')
  }

  #prepare(): Command | Promise<Command> {
    closeSync(openSync(this.#logFile, 'a'))
    mkdirSync(this.#dataFolder)
    return this.#plan.prepare(this.#dataFolder)
  }

  async #putBack(copy: string): Promise<void> {
    await this.#end()
    await rm(this.#dataFolder, { recursive: true, maxRetries: 10 })
    await cp(copy, this.#dataFolder, { recursive: true })
    await this.start()
  }

  async #end(): Promise<void> {
    this.#child?.ref()
    this.#signal('SIGKILL')
    await this.#gone
  }

  /** Stops the process (SIGSTOP) at a moment at which its files are whole. */
  async #stopWithWholeFiles(): Promise<void> {
    const { filesAreWhole } = this.#plan
    if (filesAreWhole === undefined) return
    for (let tries = 0; this.#child?.pid !== undefined; tries++) {
      if (tries === mostStops) throw new Error(`${this.name} wrote at each of ${mostStops} moments`)
      this.#signal('SIGSTOP')
      await untilStopped(this.#child.pid)
      if (filesAreWhole(this.#dataFolder)) return
      this.#signal('SIGCONT')
      await sleep(goOnMs)
    }
  }

  #spawn({ program, args, env }: Command): void {
    const log = openSync(this.#logFile, 'a')
    const child = spawn(program, args, {
      cwd: this.#dataFolder,
      env: env ?? process.env,
      stdio: ['ignore', log, log],
      // The server gets its own process group. So a Ctrl-C for the test does not reach the server, and one signal to the group
      // ends the server together with all processes that it has started.
      detached: true,
    })
    closeSync(log)
    const unguard = child.pid === undefined ? () => {} : guard({ processGroup: child.pid })
    this.#child = child
    // The server must not keep a test alive that forgets to stop it. The watchdog ends the server in that case.
    child.unref()
    this.#gone = new Promise((resolve) => {
      const ended = () => {
        unguard()
        this.#child = undefined
        resolve()
      }
      child.once('exit', ended)
      child.once('error', () => child.pid === undefined && ended())
    })
  }

  #signal(signal: NodeJS.Signals): void {
    const pid = this.#child?.pid
    if (pid === undefined) return
    try {
      process.kill(-pid, signal)
    } catch (error) {
      // The process has ended already, and its exit event is about to arrive.
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error
    }
  }
}
