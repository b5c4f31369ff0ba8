-- KEYS: active, runs, run    ARGV: run id, field, value, …
-- Returns the id of the active run, or false when this one now is.
local holder = redis.call('GET', KEYS[1])
-- The client sends a call again whose answer was lost: the holder may be this very run.
if holder == ARGV[1] then return false end
if holder then return holder end
redis.call('SET', KEYS[1], ARGV[1])
local now = now_ms()
redis.call('ZADD', KEYS[2], now, ARGV[1])
redis.call('HSET', KEYS[3], 'phase', 'planning', 'startedAt', now)
for i = 2, #ARGV, 2 do
  redis.call('HSET', KEYS[3], ARGV[i], ARGV[i + 1])
end
return false
