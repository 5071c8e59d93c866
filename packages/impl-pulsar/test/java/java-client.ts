import { type ChildProcess, spawn } from 'node:child_process'
import { createInterface } from 'node:readline'
import { fileURLToPath } from 'node:url'
import { pulsarProgram } from '@wal/brokers'

const SOURCE = fileURLToPath(new URL('./JavaClient.java', import.meta.url))

/** Settings of Pulsar's producer, such as `{ compressionType: 'LZ4', batchingEnabled: false }`. */
export type ProducerSettings = Readonly<Record<string, string | number | boolean>>

export interface JavaMessage {
  readonly payload: string | Buffer
  readonly properties?: Readonly<Record<string, string>>
}

export interface ReadMessage {
  /** The id as Java serialises it, in base64. */
  readonly id: string
  readonly payload: Buffer
  readonly properties: Readonly<Record<string, string>>
}

/**
 * Pulsar's own client, in a Java process. Java compiles the source when it starts, so this takes a JDK. The process ends when its
 * standard input does, and so with the test.
 */
export class JavaClient implements AsyncDisposable {
  readonly #child: ChildProcess
  /** Who waits for the answers to commands, in their order. */
  readonly #waiting: { resolve(lines: string[]): void; reject(error: Error): void }[] = []
  #producers = 0
  #lines: string[] = []
  #errors = ''

  private constructor(child: ChildProcess) {
    this.#child = child
    child.stderr?.on('data', (chunk) => {
      this.#errors += chunk
    })
    createInterface({ input: child.stdout as NonNullable<typeof child.stdout> }).on('line', (line) =>
      this.#hear(line),
    )
    child.on('error', (error) => this.#end(error))
    child.on('close', () => this.#end(new Error(`the Java client has ended\n${this.#errors}`)))
  }

  static async start(url: string): Promise<JavaClient> {
    const { java, classpath } = await pulsarProgram(() => {})
    const quick = ['-Xmx256m', '-XX:TieredStopAtLevel=1', '-Dlog4j2.level=OFF']
    return new JavaClient(spawn(java, [...quick, '-cp', classpath, SOURCE, url]))
  }

  async producer(topic: string, settings: ProducerSettings = {}): Promise<JavaProducer> {
    const name = `p${this.#producers++}`
    await this.command('open', name, topic, ...Object.entries(settings).map((each) => each.join('=')))
    return new JavaProducer(this, name)
  }

  /** All messages of a topic, up to its end. */
  async read(topic: string): Promise<ReadMessage[]> {
    const lines = await this.command('read', topic)
    return lines.map((line) => {
      const [, id = '', payload = '', ...pairs] = line.split(' ')
      const texts = pairs.map((word) => bytesOf(word).toString())
      const properties = texts.flatMap((key, i) => (i % 2 === 0 ? [[key, texts[i + 1] ?? ''] as const] : []))
      return { id, payload: bytesOf(payload), properties: Object.fromEntries(properties) }
    })
  }

  command(...words: readonly string[]): Promise<string[]> {
    return new Promise((resolve, reject) => {
      this.#waiting.push({ resolve, reject })
      this.#child.stdin?.write(`${words.join(' ')}\n`)
    })
  }

  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#child.exitCode !== null) return
    const closed = new Promise((resolve) => this.#child.once('close', resolve))
    this.#child.stdin?.end()
    await closed
  }

  #hear(line: string): void {
    if (line.startsWith('record ')) {
      this.#lines.push(line)
      return
    }
    const failed = line.startsWith('failed ')
    // The client's own log lines, if any, are no answers.
    if (line !== 'done' && !failed) return
    const lines = this.#lines
    this.#lines = []
    const waiting = this.#waiting.shift()
    if (failed) waiting?.reject(new Error(line))
    else waiting?.resolve(lines)
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

  /** Stores messages, which the producer cuts into batches. Answers their ids as Java serialises them, in base64. */
  async store(...messages: readonly JavaMessage[]): Promise<string[]> {
    const sends = messages.map(({ payload, properties = {} }) => {
      const words = [payload, ...Object.entries(properties).flat()].map(wordOf)
      return this.#client.command('send', this.#name, ...words)
    })
    await Promise.all(sends)
    const lines = await this.#client.command('flush', this.#name)
    return lines.map((line) => line.split(' ')[1] ?? '')
  }
}

function wordOf(bytes: string | Buffer): string {
  return bytes.length === 0 ? '=' : Buffer.from(bytes).toString('base64')
}

function bytesOf(word: string): Buffer {
  return word === '=' ? Buffer.alloc(0) : Buffer.from(word, 'base64')
}
