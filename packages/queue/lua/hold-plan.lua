-- Takes or renews the lease of the process that plans a run.
--
-- KEYS[1] run   KEYS[2] planner
-- ARGV[1] who   ARGV[2] for how long (ms)
-- Returns 1 when it is the planner now, 0 when another process is.
if redis.call('EXISTS', KEYS[1]) == 0 then return 1 end
local planner = redis.call('GET', KEYS[2])
if planner and planner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return 1
