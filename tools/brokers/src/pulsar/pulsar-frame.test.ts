import { expect, test } from 'vitest'
import { commandFrame, commands, message, readFrame, readMessage } from './pulsar-frame.js'

test('a command has the bytes that the protocol prescribes', () => {
  const frame = commandFrame(commands.connect, [
    [1, 'ab'],
    [4, 19],
  ])
  expect(frame.toString('hex')).toBe('0000000e0000000a080212060a0261622013')
})

test('what is written is read again, one frame after another', () => {
  const large = 'x'.repeat(300)
  const bytes = Buffer.concat([
    commandFrame(commands.lookup, [
      [1, large],
      [2, 2 ** 40],
      [3, true],
    ]),
    commandFrame(commands.ping, []),
  ])
  const first = readFrame(bytes)
  expect(first?.command.type).toBe(commands.lookup)
  expect(String(first?.command.fields.get(1))).toBe(large)
  expect(first?.command.fields.get(2)).toBe(2 ** 40)
  expect(first?.command.fields.get(3)).toBe(1)
  expect(readFrame(first?.rest ?? bytes)?.command).toEqual({ type: commands.ping, fields: new Map() })
})

test('a frame of which bytes are missing is not read', () => {
  const frame = commandFrame(commands.ping, [])
  for (let length = 0; length < frame.length; length++)
    expect(readFrame(frame.subarray(0, length))).toBeUndefined()
})

test('fields of 4 and 8 bytes are passed over', () => {
  const fixed = Buffer.from('0d0102030411010203040506070819', 'hex').subarray(0, 14)
  expect(readMessage(Buffer.concat([fixed, message([[5, 7]])]))).toEqual(new Map([[5, 7]]))
})
