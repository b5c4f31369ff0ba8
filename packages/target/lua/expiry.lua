-- When a key expires, in Unix milliseconds; negative where it does not. Servers older than Redis 7 tell only
-- the time that is left, so there the answer may be a millisecond off.
local expiry_is_exact = true

local function expiry(key)
  if expiry_is_exact then
    local at = redis.pcall('PEXPIRETIME', key)
    if type(at) == 'number' then return at end
    expiry_is_exact = false
  end
  local left = redis.call('PTTL', key)
  if left < 0 then return left end
  local now = redis.call('TIME')
  return now[1] * 1000 + math.floor(now[2] / 1000) + left
end
