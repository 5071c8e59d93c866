import { expect, onTestFailed, test, vi } from 'vitest'
import { type PulsarServer, startPulsar } from '../src/index.js'
import { checkHealth, greet } from '../src/pulsar/pulsar-connection.js'
import { isAlive, processState } from './process-state.js'

const topic = 'persistent/public/default/orders'

test('a broker can be killed, restarted with its messages, frozen, thawed and stopped', {
  timeout: 900_000,
}, async () => {
  const pulsar = await startPulsar()
  onTestFailed(() => console.error(pulsar.logs().split('\n').slice(-100).join('\n')))
  try {
    await greet(pulsar.port)
    expect(pulsar.logs()).toMatch(/Binding bookie-rpc endpoint to \S*127\.0\.0\.1:/)
    await produce(pulsar, 'hello')
    expect(await firstMessage(pulsar)).toBe('hello')

    const { processId, url } = pulsar
    await pulsar.kill()
    expect(isAlive(processId)).toBe(false)
    await expect(greet(pulsar.port)).rejects.toThrow('ECONNREFUSED')
    await pulsar.restart()
    expect(pulsar.url).toBe(url)
    expect(await firstMessage(pulsar)).toBe('hello')

    pulsar.freeze()
    await vi.waitUntil(() => processState(pulsar.processId ?? 0) === 'T')
    pulsar.thaw()
    await checkHealth(Number(new URL(pulsar.adminUrl).port))
  } finally {
    const { processId } = pulsar
    await pulsar.stop()
    expect(isAlive(processId)).toBe(false)
  }
})

/** Asks the broker's HTTP interface, so that the test needs no client of Pulsar. */
async function produce({ adminUrl }: PulsarServer, payload: string): Promise<void> {
  await ask('PUT', `${adminUrl}/admin/v2/${topic}`)
  const answer = await ask('POST', `${adminUrl}/topics/${topic}`, {
    producerName: 'test',
    messages: [{ payload }],
  })
  expect(JSON.parse(answer)).toMatchObject({ messagePublishResults: [{ errorCode: 0 }] })
}

function firstMessage({ adminUrl }: PulsarServer): Promise<string> {
  const query = 'initialPosition=earliest&messagePosition=1'
  return ask('GET', `${adminUrl}/admin/v2/${topic}/examinemessage?${query}`)
}

async function ask(method: string, url: string, body?: object): Promise<string> {
  const response = await fetch(url, {
    method,
    ...(body === undefined
      ? {}
      : { body: JSON.stringify(body), headers: { 'content-type': 'application/json' } }),
  })
  const text = await response.text()
  if (!response.ok) throw new Error(`${method} ${url}: HTTP ${response.status} ${text}`)
  return text
}
