-- Changes the rate limit of an active run. Nobody waits any longer for what was admitted at the old rate.
--
-- KEYS[1] run   KEYS[2] rate limiter
-- ARGV[1] sessions a second, or '' for no limit
-- Returns false, or the phase found where the run is not active ('forgotten' where there is no such run).
local phase = redis.call('HGET', KEYS[1], 'phase')
if not ACTIVE_PHASES[phase] then return phase or 'forgotten' end
redis.call('HSET', KEYS[1], 'maxRate', ARGV[1])
redis.call('DEL', KEYS[2])
return false
