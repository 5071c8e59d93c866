/**
 * What this package uses of `pulsar-client`. The package's own types are not imported, since the package is there only when an
 * application has chosen it; a test checks that these types agree with those of the package.
 *
 * By its source and by measurement, the following is left alone: `readNext` (crashes the process when it fails), `hasNext` (blocks
 * the event loop), functions as tokens (keep the process alive, and never settle when they fail), and `log` (one for the process).
 */
export interface Addon {
  readonly Client: new (config: ClientConfig) => AddonClient
  readonly AuthenticationToken: new (parameters: { token: string }) => object
  readonly MessageId: {
    earliest(): AddonMessageId
    /** Aborts the process when the bytes are not a message id. */
    deserialize(data: Buffer): AddonMessageId
  }
}

export interface ClientConfig {
  serviceUrl: string
  authentication?: object
  operationTimeoutSeconds: number
  connectionTimeoutMs: number
  statsIntervalInSeconds: number
  tlsValidateHostname: boolean
  tlsAllowInsecureConnection: boolean
  /** 3: errors only. Without a handler the client prints what it logs. */
  logLevel: number
}

export interface AddonClient {
  createProducer(config: ProducerConfig): Promise<AddonProducer>
  createReader(config: ReaderConfig): Promise<AddonReader>
  close(): Promise<unknown>
}

export interface ProducerConfig {
  topic: string
  producerName: string
  accessMode: 'Exclusive' | 'ExclusiveWithFencing'
  sendTimeoutMs: number
  maxPendingMessages: number
  batchingEnabled: boolean
  batchingMaxPublishDelayMs: number
  batchingMaxMessages: number
  batchingMaxAllowedSizeInBytes: number
}

export interface AddonProducer {
  send(message: ProducerMessage): Promise<AddonMessageId>
  /** Sends what `send` was given since the last flush, as one entry. */
  flush(): Promise<unknown>
  close(): Promise<unknown>
  isConnected(): boolean
}

export interface ProducerMessage {
  data: Buffer
  properties: { [key: string]: string }
  sequenceId: number
  partitionKey?: string
}

export interface ReaderConfig {
  topic: string
  /** The reader begins behind this message. */
  startMessageId: AddonMessageId
  receiverQueueSize: number
  subscriptionRolePrefix: string
  /** The next message comes when the promise that this answers has resolved. */
  listener(message: AddonMessage): Promise<void> | undefined
}

export interface AddonReader {
  close(): Promise<unknown>
  isConnected(): boolean
}

export interface AddonMessage {
  /** An array with the properties set on it. Throws for a property `length` that is no length. */
  getProperties(): { [key: string]: string }
  getData(): Buffer
  getMessageId(): AddonMessageId
}

export interface AddonMessageId {
  /** `(ledger,entry,partition,batch index)`, each −1 when it is not set. */
  toString(): string
}
