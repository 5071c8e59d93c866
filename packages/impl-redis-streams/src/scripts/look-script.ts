import { defineScript } from './script.js'

/**
 * What the server has of a log, at one moment. Answers: 1 or 0 for whether the stream is there; writer, base, last,
 * oldest and below of the state, empty where missing; the server's clock in milliseconds; the last entry, packed.
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
