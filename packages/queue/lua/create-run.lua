-- Makes a run the active one and writes its record.
--
-- KEYS[1] active run   KEYS[2] runs   KEYS[3] run
-- ARGV[1] the run's id   ARGV[2 …] field, value, … of its record
-- Returns false, or the id of the run that is active already.
local holder = redis.call('GET', KEYS[1])
-- The client sends a call again whose answer was lost: the active run may be this very one.
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
