import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { kafkaProgram, kafkaVersion } from '@wal/brokers'

const SOURCE = fileURLToPath(new URL('./JavaClient.java', import.meta.url))

/** `null` is a value that is missing, which is not the same as one without bytes. */
type Bytes = Uint8Array | string | null

export interface JavaRecord {
  readonly key?: Bytes
  readonly value: Bytes
  readonly headers?: readonly (readonly [key: string, value: Bytes])[]
}

export interface ReadRecord {
  readonly offset: number
  /** In base64. */
  readonly value: string | null
  readonly headers: readonly (readonly [key: string, value: string | null])[]
}

/**
 * Kafka's own client, in a Java process. Java compiles the source when it starts, so this takes a JDK. The process ends when its
 * standard input does, and so with the test.
 */
export class JavaClient implements AsyncDisposable {
  readonly #child: ChildProcess
  readonly #brokers: string
  /** Who waits for the answers to commands, in their order. */
  readonly #waiting: { resolve(lines: string[]): void; reject(error: Error): void }[] = []
  #lines: string[] = []
  #errors = ''

  private constructor(child: ChildProcess, brokers: string) {
    this.#child = child
    this.#brokers = brokers
    child.stderr?.on('data', (chunk) => {
      this.#errors += chunk
    })
    createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on('line', (line) =>
      this.#take(line),
    )
    child.on('error', (error) => this.#end(error))
    child.on('close', () => this.#end(new Error(`the Java client has ended\n${this.#errors}`)))
  }

  static async start(brokers: string): Promise<JavaClient> {
    const { java, classpath } = await kafkaProgram(kafkaVersion(), () => {})
    const quick = ['-Xmx192m', '-XX:TieredStopAtLevel=1', '-Dorg.slf4j.simpleLogger.defaultLogLevel=error']
    return new JavaClient(spawn(java, [...quick, '-cp', classpath, SOURCE]), brokers)
  }

  /** Makes a producer with these settings of Kafka's. With a `transactional.id` it may begin transactions. */
  async producer(settings: Readonly<Record<string, string | number | boolean>>): Promise<JavaProducer> {
    const name = `p${this.#producers++}`
    await this.command('open', name, ...this.#settings(settings))
    return new JavaProducer(this, name)
  }
  #producers = 0

  /** All committed records of a topic. */
  async read(topic: string): Promise<ReadRecord[]> {
    const settings = this.#settings({ 'isolation.level': 'read_committed' })
    const lines = await this.command('read', topic, ...settings)
    return lines.map((line) => {
      const [, offset = '', , value = '', ...headers] = line.split(' ')
      return {
        offset: Number(offset),
        value: bytesOf(value)?.toString('base64') ?? null,
        headers: headers.flatMap((key, i) =>
          i % 2 === 0
            ? [[String(bytesOf(key)), bytesOf(headers[i + 1] as string)?.toString() ?? null] as const]
            : [],
        ),
      }
    })
  }

  /** How many requests a broker, a process of this machine, has got from clients, by its own count. */
  async requestsOf(processId: number | undefined): Promise<number> {
    const [line = ''] = await this.command('requests', `${processId}`)
    return Number(line.split(' ')[1])
  }

  command(...words: readonly string[]): Promise<string[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#child.stdin?.write(`${words.join(' ')}\n`)
    })
  }

  /** Ends the process. A transaction that is open stays open. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    const closed = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.stdin?.end()
    await closed
  }

  #settings(settings: Readonly<Record<string, string | number | boolean>>): string[] {
    return Object.entries({ 'bootstrap.servers': this.#brokers, ...settings }).map((each) => each.join('='))
  }

  #take(line: string): void {
    if (line.startsWith('record ')) {
      this.#lines.push(line)
      return
    }
    const lines = this.#lines
    this.#lines = []
    const waiting = this.#waiting.shift()
    if (line === 'done') waiting?.resolve(lines)
    else waiting?.reject(new Error(line))
  }

  #end(error: Error): void {
    for (const { reject } of this.#waiting.splice(0)) reject(error)
  }
}

export class JavaProducer {
  readonly #client: JavaClient
  readonly #name: string

  constructor(client: JavaClient, name: string) {
    this.#client = client
    this.#name = name
  }

  /** Hands records to the producer, which cuts them into batches. */
  async send(topic: string, ...records: readonly JavaRecord[]): Promise<void> {
    const sends = records.map(({ key = null, value, headers = [] }) =>
      this.#do('send', topic, wordOf(key), wordOf(value), ...headers.flat().map(wordOf)),
    )
    await Promise.all(sends)
  }

  /** Resolves when the broker has everything. Rejects when it refused something. */
  flush = () => this.#do('flush')
  begin = () => this.#do('begin')
  commit = () => this.#do('commit')
  abort = () => this.#do('abort')

  async #do(command: string, ...words: readonly string[]): Promise<void> {
    await this.#client.command(command, this.#name, ...words)
  }
}

function wordOf(bytes: Bytes): string {
  if (bytes === null) return '-'
  return bytes.length === 0 ? '=' : Buffer.from(bytes as string).toString('base64')
}

function bytesOf(word: string): Buffer | null {
  if (word === '-') return null
  return word === '=' ? Buffer.alloc(0) : Buffer.from(word, 'base64')
}
