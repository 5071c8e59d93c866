import { once } from 'node:events'
import { type AddressInfo, createServer, type Socket } from 'node:net'
import { systemRuntime } from '@wal/walimpls'
import { expect, test, vi } from 'vitest'
import { logIn } from '../src/client/kafkajs.js'

/** What a server that is no working broker may do with a connection. */
const FAILURES = {
  'hangs up': (socket: Socket) => void socket.destroy(),
  'hangs up at the first request': (socket: Socket) => void socket.once('data', () => socket.destroy()),
  'answers with other bytes': (socket: Socket) =>
    void socket.once('data', () => socket.write('HTTP/1.1 400 \r\n\r\n')),
  'says nothing': () => {},
}

test.each(Object.entries(FAILURES))(
  'nothing is printed when a broker %s during the login',
  async (_, fail) => {
    const sockets: Socket[] = []
    const server = createServer((socket) => {
      sockets.push(socket)
      socket.on('error', () => {})
      fail(socket)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const printed = [
      ...(['log', 'info', 'warn', 'error', 'debug'] as const).map((name) => vi.spyOn(console, name)),
      vi.spyOn(process.stdout, 'write'),
      vi.spyOn(process.stderr, 'write'),
    ]
    try {
      const sasl = { mechanism: 'plain', username: 'user', password: 'secret' } as const
      const login = logIn({
        ...{ host: '127.0.0.1', port, clientId: 'test', sasl, timeoutMs: 300, runtime: systemRuntime },
      })
      await expect(login).rejects.toBeInstanceOf(Error)
      for (const spy of printed) expect(spy).not.toHaveBeenCalled()
    } finally {
      for (const spy of printed) spy.mockRestore()
      for (const socket of sockets) socket.destroy()
      server.close()
    }
  },
)
