-- Writes, keeps or removes one session per key: the contract's Load step. Behind expiry.lua.
-- KEYS: one per session
-- ARGV: policy, form of timestamps, name of the field last_activity_at, '' or '=' and the text that stands for null,
--       way of writing: 'restore' or 'hset';
--       then per session: expiry in Unix ms ('' for one that has expired), its last activity ('' for none),
--       how many arguments follow: name, value …, or for 'restore' the payload.
-- Under the policy 'keep' the way is 'hset': it compares fields.
-- Replies with a letter per session: m migrated, k kept, i kept as incomparable, w wrong type, e expired.
local policy, form, activity_name, null_mark, way = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local ISO = '^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%d%d%d%dZ$'
-- Lua's unpack takes no more than about 8,000; must be even.
local SLICE = 4000

local function is_error(reply)
  return type(reply) == 'table' and reply.err ~= nil
end

local function is_wrong_type(reply)
  return is_error(reply) and string.find(reply.err, 'WRONGTYPE', 1, true) ~= nil
end

-- How a session found stands to the one at hand, by the rule of compareActivity: 'k' newer, 'i' incomparable,
-- nil older or the same.
local function standing(found, activity)
  if not found or '=' .. found == null_mark then return nil end
  if activity == '' then return 'k' end
  if form == 'iso' then
    if not string.find(found, ISO) then return 'i' end
    -- Both have the same shape, so a collation cannot order them otherwise than bytes do.
    return found > activity and 'k' or nil
  end
  local whole, fraction = string.match(found, '^%-?(%d+)(%.?%d*)$')
  if not whole or #whole > 15 or fraction == '.' then return 'i' end
  return tonumber(found) > tonumber(activity) and 'k' or nil
end

local function holds_exactly(key, expires_at, first, last)
  if redis.call('HLEN', key) * 2 ~= last - first + 1 then return false end
  local difference = math.abs(expiry(key) - tonumber(expires_at))
  if difference > (expiry_is_exact and 0 or 1) then return false end
  for from = first, last, SLICE do
    local names = {}
    for i = from, math.min(from + SLICE, last) - 1, 2 do names[#names + 1] = ARGV[i] end
    local values = redis.call('HMGET', key, unpack(names))
    for i = 1, #names do
      if values[i] ~= ARGV[from + 2 * i - 1] then return false end
    end
  end
  return true
end

-- Both return an error, or nil.
local function write_whole(key, expires_at, payload)
  local reply = redis.pcall('RESTORE', key, expires_at, payload, 'REPLACE', 'ABSTTL')
  return is_error(reply) and reply or nil
end

-- After an error nothing of the session is left: half of one, or one without an expiry, would be worse than none.
local function write_fields(key, expires_at, first, last)
  redis.call('UNLINK', key)
  local reply
  for from = first, last, SLICE do
    reply = redis.pcall('HSET', key, unpack(ARGV, from, math.min(from + SLICE - 1, last)))
    if is_error(reply) then break end
  end
  if not is_error(reply) then reply = redis.pcall('PEXPIREAT', key, expires_at) end
  if not is_error(reply) then return nil end
  redis.call('UNLINK', key)
  return reply
end

-- Out of memory, a read-only replica, a full disk: the server checks these only before a script's first write,
-- and out of memory only if that write can need memory. UNLINK cannot, and would let all that follows pass.
-- This one can, and does nothing.
local refusal = redis.pcall('SETRANGE', KEYS[1], 0, '')
if is_error(refusal) and not is_wrong_type(refusal) then return refusal end

local results = {}
local at = 6
for i = 1, #KEYS do
  local key, expires_at, activity, size = KEYS[i], ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local first, last = at + 3, at + 2 + size
  at = last + 1

  local is_expired = expires_at == ''
  local found = redis.pcall('HGET', key, activity_name)
  local result
  if is_wrong_type(found) then
    result = 'w'
  elseif is_error(found) then
    return found
  elseif policy == 'newer' then
    result = standing(found, activity)
  elseif policy == 'keep' and not is_expired and (found or redis.call('EXISTS', key) == 1) then
    result = holds_exactly(key, expires_at, first, last) and 'm' or 'k'
  end

  if is_expired then
    if not result and policy ~= 'keep' then redis.call('UNLINK', key) end
    result = 'e'
  elseif not result then
    local failure
    if way == 'restore' then failure = write_whole(key, expires_at, ARGV[first])
    else failure = write_fields(key, expires_at, first, last) end
    if failure then return failure end
    result = 'm'
  end
  results[i] = result
end
return table.concat(results)
