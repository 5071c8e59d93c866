import { RedisReplyError, type Reply } from './redis-reply.js'

const lineEnd = Buffer.from('\r\n')
const incomplete = Symbol('incomplete')

/** Cuts a stream of bytes into the replies of the Redis protocol, version 2. */
export class ReplyParser {
  #bytes: Buffer = Buffer.alloc(0)
  #offset = 0

  /** The replies that `chunk` completes. */
  push(chunk: Buffer): (Reply | RedisReplyError)[] {
    this.#bytes = Buffer.concat([this.#bytes, chunk])
    const replies: (Reply | RedisReplyError)[] = []
    for (;;) {
      this.#offset = 0
      const reply = this.#reply()
      if (reply === incomplete) return replies
      replies.push(reply)
      this.#bytes = this.#bytes.subarray(this.#offset)
    }
  }

  #reply(): Reply | RedisReplyError | typeof incomplete {
    const end = this.#bytes.indexOf(lineEnd, this.#offset)
    if (end < 0) return incomplete
    const kind = String.fromCharCode(this.#bytes[this.#offset] ?? 0)
    const text = this.#bytes.toString('utf8', this.#offset + 1, end)
    this.#offset = end + 2
    if (kind === '+') return text
    if (kind === '-') return new RedisReplyError(text)
    if (kind === ':') return Number(text)
    if (kind === '$') return this.#bulk(Number(text))
    if (kind === '*') return this.#array(Number(text))
    throw new Error(`a reply cannot begin with '${kind}'`)
  }

  #bulk(length: number): Reply | typeof incomplete {
    if (length < 0) return null
    const end = this.#offset + length
    if (this.#bytes.length < end + 2) return incomplete
    const text = this.#bytes.toString('utf8', this.#offset, end)
    this.#offset = end + 2
    return text
  }

  #array(length: number): Reply | typeof incomplete {
    if (length < 0) return null
    const items: Reply[] = []
    for (let index = 0; index < length; index++) {
      const item = this.#reply()
      if (item === incomplete) return incomplete
      items.push(item instanceof RedisReplyError ? item.message : item)
    }
    return items
  }
}
