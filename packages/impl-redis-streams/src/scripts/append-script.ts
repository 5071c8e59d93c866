import { PREVIOUS_FIELD } from '../stored/fields.js'
import { defineScript } from './script.js'

/**
 * Stores a batch whole or not at all. All checks, and the change of the log's state, come before the first XADD. After that
 * nothing can fail: the ids rise, a server without memory refuses the script at its first write, and a missing permission has
 * shown by then. A failure of the publish command is ignored.
 *
 * Arguments: writer ("term incarnation"), term, proposed milliseconds, sequence, count, expected previous id, claim, known id,
 * base, publish command, largest record's bytes, packed batch.
 * - claim: `yes` for the batch of sequence 0, which takes the fence; `from WRITER` takes the fence back from that writer; else `no`.
 * - known id: the greatest id that this writer knows. When the expected previous id is not the last one, the known id must
 *   still be there.
 * - base: the milliseconds part of this writer's ids; empty while the writer does not know it.
 *
 * Answers `ok BASE`; `fenced WRITER`; `behind LAST`, when the batch before this one is not stored; `lost LAST`, when records
 * that the writer knew are gone from the log's end (LAST is the greatest id left); or `gone`, when the stream is missing.
 */
export const appendScript = defineScript(`
local stream, state = KEYS[1], KEYS[2]
local writer, term, proposed, sequence, count = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4]), tonumber(ARGV[5])
local previous, claim, known, mine, publish, largest = ARGV[6], ARGV[7], ARGV[8], ARGV[9], ARGV[10], tonumber(ARGV[11])

local function number(n) return string.format('%.0f', n) end
local function parts(id) local ms, n = string.match(id, '^(%d+)-(%d+)$') return tonumber(ms), tonumber(n) end
local function after(a, b)
  local ams, an = parts(a)
  local bms, bn = parts(b)
  return ams > bms or (ams == bms and an > bn)
end
local function has(id) return #redis.call('XRANGE', stream, id, id) > 0 end

local held = redis.call('HMGET', state, 'writer', 'base', 'last', 'below', 'largest')
local owner, base, last, below = held[1] or '', held[2] or '', held[3] or '', held[4] or ''
local exists = redis.call('EXISTS', stream) == 1
if not exists then
  if known ~= '' or owner == writer or sequence > 0 then return {'gone'} end
  -- The state outlived its stream: of what it says only this binds, that ids up to its last one were given out.
  owner, below = '', ''
elseif last == '' then
  local entry = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
  if entry then last = entry[1] end
end

local function lost()
  -- What the state names as the last one was not lost with the log's end: somebody deleted that entry. Readers meet a gap.
  if known == '' or known == last or has(known) or (below ~= '' and not after(known, below)) then return nil end
  local entry = redis.call('XREVRANGE', stream, known, '-', 'COUNT', 1)[1]
  return {'lost', entry and entry[1] or ''}
end

-- Written again, so that WAIT behind this answer waits for the batch, whichever connection stored it.
local function there(base)
  redis.call('HSET', state, 'last', last)
  return {'ok', base}
end

local predecessor, taken = last, false
if owner == writer then
  local ms, n = parts(last)
  if ms == tonumber(base) and n >= sequence + count - 1 then return there(base) end
  if previous ~= last then return lost() or {'behind', last} end
else
  if mine ~= '' and has(mine .. '-' .. number(sequence + count - 1)) then return there(mine) end
  local gone = lost()
  if gone then return gone end
  local ownerTerm = tonumber(string.match(owner, '^%d+') or '-1')
  if claim == 'no' or ownerTerm > term or (claim ~= 'yes' and claim ~= 'from ' .. owner) then return {'fenced', owner} end
  local ms = last == '' and 0 or (parts(last))
  base, taken = number(math.max(proposed, ms + 1)), true
  if not exists then predecessor = '0-0' end
end

local messages = cmsgpack.unpack(ARGV[12])
local function idAt(i) return base .. '-' .. number(sequence + i - 1) end
local id = idAt(count)
local changes = {'last', id}
local function change(field, value) changes[#changes + 1] = field changes[#changes + 1] = value end
if taken then change('writer', writer) change('base', base) end
if largest > tonumber(held[5] or '0') then change('largest', ARGV[11]) end
-- A server at its maxmemory refuses a script at its first command that takes memory, and none behind a write that takes
-- none. The opening record is small, and without it nobody could open the log to truncate it.
if claim == 'yes' then redis.call('HDEL', state, '') end
redis.call('HSET', state, unpack(changes))
local first
if predecessor ~= idAt(0) then
  first = redis.pcall('XADD', stream, idAt(1), '${PREVIOUS_FIELD}', predecessor, unpack(messages[1]))
else
  first = redis.pcall('XADD', stream, idAt(1), unpack(messages[1]))
end
if first.err then
  local was = {writer = held[1], base = held[2], last = held[3], largest = held[5]}
  for i = 1, #changes, 2 do
    local field = changes[i]
    if was[field] then redis.call('HSET', state, field, was[field]) else redis.call('HDEL', state, field) end
  end
  return first
end
for i = 2, count do redis.call('XADD', stream, idAt(i), unpack(messages[i])) end
if not exists then redis.pcall('HDEL', state, 'oldest', 'below') end
redis.pcall(publish, stream .. ':wake', id)
return {'ok', base}
`)
