-- The plan is complete: the last chunk, which has no upper bound, is added, and the run begins to run.
-- KEYS: run    ARGV: 1 when there is a last chunk, its sessions
local phase, complete = unpack(redis.call('HMGET', KEYS[1], 'phase', 'planComplete'))
if complete == '1' or (phase ~= 'planning' and phase ~= 'paused') then return 0 end
redis.call('HSET', KEYS[1], 'planComplete', '1')
redis.call('HINCRBY', KEYS[1], 'total', ARGV[1])
redis.call('HINCRBY', KEYS[1], 'planned', ARGV[2])
if phase == 'planning' then redis.call('HSET', KEYS[1], 'phase', 'running') end
return 1
