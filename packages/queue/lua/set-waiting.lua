-- Says what a run or its verification waits for; not for one that has ended or is gone, where it would stay without end.
--
-- KEYS[1] run or verification
-- ARGV[1] reason
-- Returns 1 when it is said, else 0.
local phase, total, done, failed = unpack(redis.call('HMGET', KEYS[1], 'phase', 'total', 'done', 'failed'))
if not total then return 0 end
if phase and not ACTIVE_PHASES[phase] then return 0 end
-- A verification has no phase.
if not phase and tonumber(done) + tonumber(failed) >= tonumber(total) then return 0 end
redis.call('HSET', KEYS[1], 'waiting', ARGV[1])
return 1
