-- Says what a run, or its verification, waits for; not of one that has ended or is gone, where it would stay for ever.
-- KEYS: run or verification    ARGV: reason
local phase, total, done, failed = unpack(redis.call('HMGET', KEYS[1], 'phase', 'total', 'done', 'failed'))
if not total then return 0 end
if phase and phase ~= 'planning' and phase ~= 'running' and phase ~= 'paused' then return 0 end
if not phase and tonumber(done) + tonumber(failed) >= tonumber(total) then return 0 end
redis.call('HSET', KEYS[1], 'waiting', ARGV[1])
return 1
