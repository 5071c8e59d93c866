import type { Runtime } from '@wal/walimpls'
import { hostText } from '@wal/walimpls/helper'
import type { SASLOptions } from 'kafkajs'
import type { Connect } from './brokers.js'
import { Connection } from './connection.js'
import { logIn } from './kafkajs.js'
import type { FullKafkaOptions } from './options.js'

const DEFAULT_CLIENT_ID = 'wal'

/** How connections to brokers are made by these options. */
export function connector(options: FullKafkaOptions, runtime: Runtime): Connect {
  const { kafka, tls, requestTimeoutMs } = options
  const clientId = kafka?.clientId ?? DEFAULT_CLIENT_ID
  const ssl = kafka?.ssl || (tls ? {} : undefined)
  const sasl = kafka?.sasl ?? saslOf(options)
  return async (host, signal) => {
    const login = await logIn({
      ...host,
      ...{ clientId, ssl: ssl === true ? {} : ssl, sasl: sasl as SASLOptions | undefined },
      ...{ timeoutMs: requestTimeoutMs, runtime, signal },
    })
    return new Connection({ login, address: hostText(host), clientId, runtime })
  }
}

function saslOf({ user, password, mechanism }: FullKafkaOptions): SASLOptions | undefined {
  if (user === undefined) return undefined
  return { mechanism, username: user, password: password ?? '' }
}
