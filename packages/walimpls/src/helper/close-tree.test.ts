import { describe, expect, test } from 'vitest'
import { CloseTree } from './close-tree.js'

describe('CloseTree', () => {
  test('children first, in reverse order of opening, one after another, each once', async () => {
    const log: string[] = []
    const step = (name: string) => async () => {
      log.push(`${name} begins`)
      await new Promise((resolve) => setImmediate(resolve))
      log.push(`${name} ends`)
    }
    const opener = new CloseTree(step('opener'))
    const first = new CloseTree(step('first'), opener)
    first.add(step('scanner'))
    const second = new CloseTree(step('second'), opener)
    await Promise.all([opener.close(), opener.close(), second.close(), first.close()])
    await opener.close()
    const order = ['second', 'scanner', 'first', 'opener']
    for (const name of order) expect(log.filter((line) => line.startsWith(name))).toHaveLength(2)
    expect(log.indexOf('scanner ends')).toBeLessThan(log.indexOf('first begins'))
    expect(log.indexOf('first ends')).toBeLessThan(log.indexOf('opener begins'))
    expect(log.indexOf('second ends')).toBeLessThan(log.indexOf('opener begins'))
  })

  test('reverse order, when only the parent closes', async () => {
    const log: number[] = []
    const tree = new CloseTree(() => void log.push(0))
    for (const i of [1, 2, 3]) tree.add(() => void log.push(i))
    await tree.close()
    expect(log).toEqual([3, 2, 1, 0])
  })

  test('what has closed by itself is forgotten', async () => {
    let closed = 0
    const tree = new CloseTree()
    const leave = tree.add(() => void closed++)
    leave()
    const child = new CloseTree(() => void closed++, tree)
    await child.close()
    await tree.close()
    expect(closed).toBe(1)
  })

  test('a parent waits for a child that closes by itself meanwhile', async () => {
    let finish = () => {}
    const held = new Promise<void>((resolve) => {
      finish = resolve
    })
    const tree = new CloseTree()
    const child = new CloseTree(() => held, tree)
    void child.close()
    let closed = false
    const closing = tree.close().then(() => {
      closed = true
    })
    await new Promise((resolve) => setImmediate(resolve))
    expect(closed).toBe(false)
    finish()
    await closing
  })

  test('what is added while it closes is closed at once, and waited for', async () => {
    const log: string[] = []
    const tree = new CloseTree(() => void log.push('self'))
    tree.add(async () => {
      tree.add(() => void log.push('late'))
      log.push('child')
    })
    await tree.close()
    expect(log).toEqual(['late', 'child', 'self'])
    tree.add(() => void log.push('after'))
    await Promise.resolve()
    expect(log.at(-1)).toBe('after')
    expect(tree.closed).toBe(true)
  })

  test('errors are collected, nothing is left open for them', async () => {
    let closed = false
    const one = new Error('one')
    const single = new CloseTree(() => {
      closed = true
    })
    single.add(() => {
      throw one
    })
    await expect(single.close()).rejects.toBe(one)
    expect(closed).toBe(true)
    const two = new CloseTree(() => Promise.reject(new Error('two')))
    two.add(() => Promise.reject(one))
    await expect(two.close()).rejects.toMatchObject({ errors: [one, { message: 'two' }] })
  })
})
