import { expect, test } from 'vitest'
import { RedisReplyError } from './redis-reply.js'
import { ReplyParser } from './reply-parser.js'

const stream = '+OK\r\n:42\r\n$-1\r\n*-1\r\n$6\r\na\r\n é\r\n*2\r\n*1\r\n$1\r\nx\r\n:-1\r\n-ERR no\r\n'
const replies = ['OK', 42, null, null, 'a\r\n é', [['x'], -1], new RedisReplyError('ERR no')]

test('replies, however the bytes arrive', () => {
  expect(new ReplyParser().push(Buffer.from(stream))).toEqual(replies)
  const parser = new ReplyParser()
  const bytewise = [...Buffer.from(stream)].flatMap((byte) => parser.push(Buffer.from([byte])))
  expect(bytewise).toEqual(replies)
})

test('what is no reply is refused', () => {
  expect(() => new ReplyParser().push(Buffer.from('HTTP/1.1 400\r\n'))).toThrow("cannot begin with 'H'")
})
