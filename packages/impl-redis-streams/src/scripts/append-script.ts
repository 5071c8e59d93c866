import { PREVIOUS_FIELD } from '../fields.js'
import { defineScript } from './script.js'

/**
 * Stores a batch, whole or not at all: every check comes before the first XADD, and nothing behind that can fail (the
 * ids rise; a server out of memory refuses the script at its first write; the wake-up may fail).
 *
 * Arguments: writer ("term incarnation"), term, proposed milliseconds, sequence, count, expected previous id, claim,
 * known id, base, publish command, largest record's bytes, packed batch.
 * - claim: `no`; `yes`, the batch of sequence 0, which takes the fence; or `from WRITER`, which takes it back from that one.
 * - known: the last id that this writer was told or saw; it must still be there when the expected one is not the last.
 * - base: the milliseconds of this writer's ids, empty while it does not know them.
 *
 * Answers `ok BASE`, `fenced WRITER`, `behind LAST` (the batch before this one is not stored), `lost LAST` (known
 * records are gone from the log's end; LAST is the greatest left of them), `gone`.
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
  if known ~= '' or owner == writer then return {'gone'} end
  redis.call('HDEL', state, 'oldest', 'below')
elseif last == '' then
  local entry = redis.call('XREVRANGE', stream, '+', '-', 'COUNT', 1)[1]
  if entry then last = entry[1] end
end

local function lost()
  if known == '' or has(known) or (below ~= '' and not after(known, below)) then return nil end
  local entry = redis.call('XREVRANGE', stream, known, '-', 'COUNT', 1)[1]
  return {'lost', entry and entry[1] or ''}
end

local predecessor, taken = last, false
if owner == writer then
  local ms, n = parts(last)
  if ms == tonumber(base) and n >= sequence + count - 1 then return {'ok', base} end
  if previous ~= last then return lost() or {'behind', last} end
else
  if mine ~= '' and has(mine .. '-' .. number(sequence + count - 1)) then return {'ok', mine} end
  local gone = lost()
  if gone then return gone end
  local ownerTerm = tonumber(string.match(owner, '^%d+') or '-1')
  if claim == 'no' or ownerTerm > term or (claim ~= 'yes' and claim ~= 'from ' .. owner) then return {'fenced', owner} end
  local ms = last == '' and 0 or (parts(last))
  base, taken = number(math.max(proposed, ms + 1)), true
  redis.call('HSET', state, 'writer', writer, 'base', base)
  if not exists then predecessor = '0-0' end
end

local messages = cmsgpack.unpack(ARGV[12])
local function idAt(i) return base .. '-' .. number(sequence + i - 1) end
local first
if predecessor ~= idAt(0) then
  first = redis.pcall('XADD', stream, idAt(1), '${PREVIOUS_FIELD}', predecessor, unpack(messages[1]))
else
  first = redis.pcall('XADD', stream, idAt(1), unpack(messages[1]))
end
if first.err then
  if taken then redis.call('HSET', state, 'writer', owner, 'base', held[2] or '') end
  return first
end
for i = 2, count do redis.call('XADD', stream, idAt(i), unpack(messages[i])) end
local id = idAt(count)
redis.call('HSET', state, 'last', id)
if largest > tonumber(held[5] or '0') then redis.call('HSET', state, 'largest', ARGV[11]) end
redis.pcall(publish, stream .. ':wake', id)
return {'ok', base}
`)
