import { defineScript } from './script.js'

/**
 * Entries from a place on, cut by bytes, packed. XRANGE alone is bounded by a count, which says nothing of bytes; here
 * it is called for few at a time, fewer when the log has large records, so that the server too holds a bounded amount.
 *
 * Arguments: first id (XRANGE's syntax), bytes to reach. Answers `gone`, or: last, oldest, below of the state; 1 when
 * the end was met; then pieces, each a packed run of entries.
 */
export const pageScript = defineScript(`
local stream, from, bytes = KEYS[1], ARGV[1], tonumber(ARGV[2])
local held = redis.call('HMGET', KEYS[2], 'last', 'oldest', 'below', 'largest')
for i = 1, 3 do held[i] = held[i] or '' end
if redis.call('EXISTS', stream) == 0 then return {'gone', held[1]} end
if held[1] == '' then
  local entry = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
  if entry then held[1] = entry[1] end
end
local step = math.max(1, math.min(200, math.floor(16777216 / tonumber(held[4] or '1048576'))))
local answer, packed, ended = {held[1], held[2], held[3], 0}, 0, 0
repeat
  local entries = redis.call('XRANGE', stream, from, '+', 'COUNT', step)
  if #entries > 0 then
    local piece = cmsgpack.pack(entries)
    answer[#answer + 1] = piece
    packed = packed + #piece
    from = '(' .. entries[#entries][1]
  end
  if #entries < step then ended = 1 end
until ended == 1 or packed >= bytes
answer[4] = ended
return answer
`)
