import { defineScript } from './script.js'

/**
 * Records in the log's state that the log begins at the first entry not below an id (at the last entry, at the latest), and the
 * greatest id below that. The entries are freed afterwards, in steps. Arguments: the id, the writer. Answers `ok ID` with the
 * first entry kept; `same` when the log begins there or higher already; `fenced`; or `gone`.
 */
export const truncateScript = defineScript(`
local stream, state, before, writer = KEYS[1], KEYS[2], ARGV[1], ARGV[2]
if redis.call('EXISTS', stream) == 0 then return {'gone'} end
local held = redis.call('HMGET', state, 'writer', 'oldest')
if held[1] ~= writer then return {'fenced', held[1] or ''} end
local kept = redis.call('XRANGE', stream, before, '+', 'COUNT', 1)[1] or redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
if not kept then return {'same'} end
local below = redis.call('XREVRANGE', stream, '(' .. kept[1], '-', 'COUNT', 1)[1]
if not below then return {'same'} end
if held[2] then
  local ms, n = string.match(kept[1], '^(%d+)-(%d+)$')
  local oms, on = string.match(held[2], '^(%d+)-(%d+)$')
  ms, n, oms, on = tonumber(ms), tonumber(n), tonumber(oms), tonumber(on)
  if ms < oms or (ms == oms and n < on) then return {'same'} end
end
-- A write that takes no memory, so that a server at its maxmemory does not refuse the next one.
redis.call('HDEL', state, '')
redis.call('HSET', state, 'oldest', kept[1], 'below', below[1])
return {'ok', kept[1]}
`)
