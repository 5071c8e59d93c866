import { defineScript } from './script.js'

/**
 * Reads what the server has of a log at one moment. Answers eight values: 1 if the stream exists, else 0; the fields writer,
 * base, last, oldest and below of the log's state, empty when missing; the server's clock in milliseconds; the last entry,
 * packed.
 */
export const lookScript = defineScript(`
local stream, state = KEYS[1], KEYS[2]
local held = redis.call('HMGET', state, 'writer', 'base', 'last', 'oldest', 'below')
for i = 1, 5 do held[i] = held[i] or '' end
local time = redis.call('TIME')
local entries = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)
if held[3] == '' and entries[1] then held[3] = entries[1][1] end
return {redis.call('EXISTS', stream), held[1], held[2], held[3], held[4], held[5],
  string.format('%.0f', time[1] * 1000 + math.floor(time[2] / 1000)), cmsgpack.pack(entries)}
`)
