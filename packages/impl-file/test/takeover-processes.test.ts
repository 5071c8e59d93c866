import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { textOf } from './batches.js'
import { Child } from './child-process.js'
import { openerFor, range, readAll, temporaryFolder } from './on-disk.js'

const ROUNDS = Number(process.env.WAL_TEST_TAKEOVERS ?? 10)
const script = new URL('./raw-process.ts', import.meta.url)

test(`a writer that was stopped during a takeover acknowledges nothing afterwards, ${ROUNDS} rounds`, {
  timeout: 120_000,
}, async () => {
  const path = temporaryFolder()
  const writers = [new Child(script, ['write', path, 'w0'])]
  await last(writers).line('open')
  const reader = new Child(script, ['tail', path])
  await reader.line('open')
  for (let round = 1; round <= ROUNDS; round++) {
    const older = last(writers)
    await pause(Math.random() * 40)
    older.signal('SIGSTOP')
    const newer = new Child(script, ['write', path, `w${round}`])
    writers.push(newer)
    await newer.line('open')
    older.signal('SIGCONT')
    expect(await older.line('fenced')).toContain('fenced')
    // The process also has to end by itself.
    expect(await older.ended()).toBe(0)
  }
  await pause(50)
  await last(writers).kill()

  const opener = await openerFor(path)
  const found = await readAll(await opener.openReadOnly('orders'))
  const texts = new Map(found.map((message) => [message.id.value, textOf(message)]))
  expect([...texts.keys()]).toEqual(range(1, texts.size))
  const acked = writers.flatMap(({ lines }) => lines.filter((line) => line.startsWith('ack')))
  const wrong = acked.filter((line) => !isStored(line, texts))
  expect(wrong).toEqual([])
  await expect.poll(() => reader.lines.length > texts.size, { timeout: 20_000 }).toBe(true)
  await reader.kill()
  expect(reader.lines.filter((line) => line.startsWith('got') && !isStored(line, texts))).toEqual([])
  const epochs = readdirSync(join(path, 'orders')).filter((name) => name.startsWith('epoch-'))
  console.log(`${acked.length} acked, ${texts.size} stored, ${epochs.length} epochs`)
  expect(epochs).toHaveLength(ROUNDS + 1)
})

function isStored(line: string, texts: Map<number, string>): boolean {
  const [, id, text] = line.split(' ')
  return texts.get(Number(id)) === text
}

function last<T>(list: readonly T[]): T {
  return list[list.length - 1] as T
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms))
}
