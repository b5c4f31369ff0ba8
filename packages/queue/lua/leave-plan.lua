-- Gives the planner's lease back, unless another process has it by now.
--
-- KEYS[1] planner
-- ARGV[1] who
if redis.call('GET', KEYS[1]) == ARGV[1] then redis.call('DEL', KEYS[1]) end
return 1
