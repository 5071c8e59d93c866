import { defineScript } from './script.js'

/**
 * Reads entries from an id on, up to a number of bytes. XRANGE alone is bounded by a count of entries, which may be of any
 * size. So the script calls XRANGE for a few entries at a time, fewer when the log has large records, and never holds more than
 * 16 MiB. When a group of entries may exceed the bound, the script measures them one by one and ends with the entry that
 * reaches the bound: to read the others again later costs the server less than a larger answer would.
 *
 * Arguments: first id (as XRANGE takes it), bytes to reach. Answers `gone` when there is no stream. Otherwise: last, oldest and
 * below of the log's state; 1 when the last entry of the stream is included, else 0; then pieces, each several packed entries.
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
local largest = tonumber(held[4] or '1048576')
local step = math.max(1, math.min(200, math.floor(16777216 / largest)))
local answer, packed, ended = {held[1], held[2], held[3], 0}, 0, 0

local function cut(entries)
  local sum = packed
  for i = 1, #entries do
    local fields = entries[i][2]
    for j = 1, #fields do sum = sum + #fields[j] end
    if sum >= bytes then
      for k = #entries, i + 1, -1 do entries[k] = nil end
      return
    end
  end
end

repeat
  local entries = redis.call('XRANGE', stream, from, '+', 'COUNT', step)
  if #entries < step then ended = 1 end
  if #entries * largest > bytes / 4 then
    local found = #entries
    cut(entries)
    if #entries < found then ended = 0 end
  end
  if #entries > 0 then
    local piece = cmsgpack.pack(entries)
    answer[#answer + 1] = piece
    packed = packed + #piece
    from = '(' .. entries[#entries][1]
  end
until ended == 1 or packed >= bytes or #entries == 0
answer[4] = ended
return answer
`)
