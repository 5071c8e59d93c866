/** The modules of kafkajs 2.2.4 that its public types leave out, as far as `kafkajs.ts` uses them. */
declare module 'kafkajs/src/broker/index.js' {
  export default class Broker {
    constructor(options: { connectionPool: unknown; logger: unknown; authenticationTimeout: number })
    readonly versions: Readonly<Record<number, { minVersion: number; maxVersion: number }>>
    connect(): Promise<void>
  }
}

declare module 'kafkajs/src/network/connectionPool.js' {
  export interface KafkajsConnection {
    /** Milliseconds until the broker wants to see the login again, as a Long; 0 for no limit. */
    readonly sessionLifetime: { toString(): string }
    readonly requestQueue: { destroy(): void; rejectAll(error: Error): void }
  }
  export default class ConnectionPool {
    constructor(options: Readonly<Record<string, unknown>>)
    readonly pool: readonly KafkajsConnection[]
  }
}

declare module 'kafkajs/src/protocol/requests/index.js' {
  export interface KafkajsRequest {
    readonly request: {
      readonly apiKey: number
      readonly apiVersion: number
      encode(): Promise<{ readonly buffer: Buffer }>
    }
    readonly response: { decode(bytes: Buffer): Promise<unknown> }
  }
  const protocol: {
    readonly requests: Readonly<
      Record<string, { protocol(version: { version: number }): (values: object) => KafkajsRequest }>
    >
  }
  export default protocol
}

declare module 'kafkajs/package.json' {
  export const version: string
}
