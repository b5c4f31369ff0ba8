-- Writes, keeps or removes one session per key by the run's conflict policy, each in one step. After expiry.lua.
-- KEYS: one per session
-- ARGV: policy; how to write: 'restore', 'hset' or 'set';
--       what `newer` compares: 'iso', 'number' or 'rounded-number', the name of the field, '' or '=' and the text that
--       stands for null; or 'expiry', '', '';
--       then per session: expiry in Unix ms ('' where it has expired); what of it is compared: its recency as text ('' for
--       none), or its expiry in Unix ms; how many arguments follow, and these: nothing where it has expired, else the
--       payload of RESTORE, name, value …, or the string.
-- Under the policy 'keep' a hash is written by 'hset': its fields are compared.
-- Replies with one text, a letter per session: m migrated, k kept, i kept as incomparable, t tied and left as it was,
-- w wrong type, e expired; or with the error that stopped it, before which some may have been written, each as a whole.
local policy, way, form, recency_name, null_mark = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5]
local expected_type = way == 'set' and 'string' or 'hash'
local ISO = '^%d%d%d%d%-%d%d%-%d%dT%d%d:%d%d:%d%d%.%d%d%d%d%d%dZ$'
-- Lua's unpack takes no more than about 8,000; must be even.
local SLICE = 4000

local function is_error(reply)
  return type(reply) == 'table' and reply.err ~= nil
end

local function is_wrong_type(reply)
  return is_error(reply) and string.find(reply.err, 'WRONGTYPE', 1, true) ~= nil
end

-- A decimal number in parts that compare as texts: sign, whole digits without zeros before them, fraction without
-- zeros behind it. Nil where it is none, or has too many digits. A number of Lua could not tell two times in
-- nanoseconds apart.
local function decimal(text)
  local sign, whole, fraction = string.match(text, '^(%-?)(%d+)(%.?%d*)$')
  if not whole or fraction == '.' or #whole > 30 or #fraction > 31 then return nil end
  whole, fraction = string.gsub(whole, '^0+', ''), string.gsub(fraction, '%.?0*$', '')
  return { is_negative = sign == '-' and whole .. fraction ~= '', whole = whole, fraction = fraction }
end

local function is_larger(a, b)
  if a.is_negative ~= b.is_negative then return b.is_negative end
  if a.is_negative then a, b = b, a end
  if #a.whole ~= #b.whole then return #a.whole > #b.whole end
  if a.whole ~= b.whole then return a.whole > b.whole end
  return a.fraction > b.fraction
end

-- How a session found stands to the one at hand: 'k' newer, 'i' incomparable, 't' rounded alike, nil older or the same.
-- The rules of core's conflict.ts.
local function compare_texts(found, recency)
  if not found or '=' .. found == null_mark then return nil end
  if recency == '' then return 'k' end
  local equal = form == 'rounded-number' and 't' or nil
  if found == recency then return equal end
  if form == 'iso' then
    if not string.find(found, ISO) then return 'i' end
    -- Both have the same shape, so a collation cannot order them otherwise than bytes do.
    return found > recency and 'k' or nil
  end
  local theirs, ours = decimal(found), decimal(recency)
  if not theirs or not ours then return 'i' end
  if is_larger(theirs, ours) then return 'k' end
  return not is_larger(ours, theirs) and equal or nil
end

-- A millisecond is within what core allows for, so that what is kept here does not differ there.
local function compare_expiries(key, recency)
  local found = expiry(key)
  if found < 0 then return 'i' end
  return found > tonumber(recency) + 1 and 'k' or nil
end

local function holds_fields(key, first, last)
  if redis.call('HLEN', key) * 2 ~= last - first + 1 then return false end
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

local function holds_exactly(key, expires_at, first, last)
  local difference = math.abs(expiry(key) - tonumber(expires_at))
  if difference > (expiry_is_exact and 0 or 1) then return false end
  if expected_type == 'string' then return redis.call('GET', key) == ARGV[first] end
  return holds_fields(key, first, last)
end

-- Each returns an error, or nil.
local write = {}

function write.restore(key, expires_at, first)
  local reply = redis.pcall('RESTORE', key, expires_at, ARGV[first], 'REPLACE', 'ABSTTL')
  return is_error(reply) and reply or nil
end

function write.set(key, expires_at, first)
  local reply = redis.pcall('SET', key, ARGV[first], 'PXAT', expires_at)
  return is_error(reply) and reply or nil
end

-- After an error nothing of the session is left: half of one, or one without an expiry, would be worse than none.
function write.hset(key, expires_at, first, last)
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

-- What becomes of a session for what its key holds; nil where nothing stands in the way of writing or removing it.
-- A hash that has the field compared is found by reading it, which costs less than asking for the type first.
local function stands_in_the_way(key, is_expired, expires_at, recency, first, last)
  local found, exists
  if expected_type == 'hash' and form ~= 'expiry' then
    found = redis.pcall('HGET', key, recency_name)
    if is_wrong_type(found) then return 'w' end
    if is_error(found) then return nil, found end
    exists = found or policy == 'keep' and redis.call('EXISTS', key) == 1
  else
    local held = redis.call('TYPE', key).ok
    if held ~= 'none' and held ~= expected_type then return 'w' end
    exists = held ~= 'none'
  end
  if policy == 'newer' then
    if form ~= 'expiry' then return compare_texts(found, recency) end
    return exists and compare_expiries(key, recency) or nil
  end
  if policy == 'keep' and exists and not is_expired then
    return holds_exactly(key, expires_at, first, last) and 'm' or 'k'
  end
  return nil
end

-- Out of memory, a read-only replica, a full disk: the server checks these only before a script's first write,
-- and out of memory only if that write can need memory. UNLINK cannot, and would let all that follows pass.
-- This one can, and does nothing.
local refusal = redis.pcall('SETRANGE', KEYS[1], 0, '')
if is_error(refusal) and not is_wrong_type(refusal) then return refusal end

local results = {}
local at = 6
for i = 1, #KEYS do
  local key, expires_at, recency, size = KEYS[i], ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local first, last = at + 3, at + 2 + size
  at = last + 1

  local is_expired = expires_at == ''
  local result, failure = stands_in_the_way(key, is_expired, expires_at, recency, first, last)
  if failure then return failure end
  if is_expired then
    -- A tie does not save the copy: it would outlive a logout that moved nothing but the expiry.
    if (not result or result == 't') and policy ~= 'keep' then redis.call('UNLINK', key) end
    result = 'e'
  elseif not result then
    failure = write[way](key, expires_at, first, last)
    if failure then return failure end
    result = 'm'
  end
  results[i] = result
end
return table.concat(results)
