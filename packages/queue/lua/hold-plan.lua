-- One process at a time plans a run; it says again and again that it still does.
-- KEYS: run, planner    ARGV: who, for how long (ms)    Returns 1 when it is the planner now.
if redis.call('EXISTS', KEYS[1]) == 0 then return 1 end
local planner = redis.call('GET', KEYS[2])
if planner and planner ~= ARGV[1] then return 0 end
redis.call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return 1
