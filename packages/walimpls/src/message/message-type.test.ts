import { afterEach, describe, expect, test } from 'vitest'
import { FIRST_APPLICATION_TYPE, MESSAGE_TYPE, messageTypeOf, registerMessageType } from './message-type.js'

afterEach(() => {
  const key = Symbol.for('@wal/walimpls/message-types')
  ;(globalThis as { [key]?: Map<number, unknown> })[key]?.clear()
})

describe('message types', () => {
  test('numbers and flags are the reference’s', () => {
    expect(MESSAGE_TYPE).toEqual({ Unknown: 0, TimeTick: 1, Record: 1000 })
    expect(messageTypeOf(1)).toMatchObject({ name: 'TimeTick', system: true, selfControlled: true })
    expect(messageTypeOf(8)).toEqual({ number: 8, name: 'DropPartition', exclusive: true })
    expect(messageTypeOf(902)).toMatchObject({ name: 'RollbackTxn', system: true })
    expect(messageTypeOf(1000)).toEqual({ number: 1000, name: 'Record' })
    expect(messageTypeOf(555)).toEqual({ number: 555, name: 'Type555' })
  })

  test('an application’s own type; the same again is nothing new', () => {
    const type = { number: FIRST_APPLICATION_TYPE, name: 'Order', exclusive: true }
    registerMessageType(type)
    registerMessageType({ exclusive: true, name: 'Order', number: FIRST_APPLICATION_TYPE })
    expect(messageTypeOf(FIRST_APPLICATION_TYPE)).toEqual(type)
    expect(() => registerMessageType({ ...type, exclusive: false })).toThrow(
      'differs from the registered Order',
    )
    expect(() => registerMessageType({ ...type, number: 1002 })).toThrow('differs from the registered Order')
    expect(() => registerMessageType({ ...type, name: 'Other' })).toThrow('differs from the registered Order')
  })

  test.each([
    { number: 1000, name: 'Low' },
    { number: 2 ** 31, name: 'High' },
    { number: 1001.5, name: 'Broken' },
    { number: 1001, name: '' },
    { number: 1001, name: 'two words' },
    { number: 1001, name: 'Insert' },
    { number: 1001, name: 'Mine', system: true },
    { number: 1001, name: 'Mine', selfControlled: true },
  ])('%j is refused', (type) => {
    expect(() => registerMessageType(type)).toThrow(expect.objectContaining({ code: 'WAL_INVALID_ARGUMENT' }))
  })
})
