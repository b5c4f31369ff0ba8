-- Records the upper bounds of chunks. A bound is written once: one that is there already must be the same, or another
-- planner is at work.
--
-- KEYS[1] run   KEYS[2] bounds
-- ARGV[1] number of the first chunk   ARGV[2, 3, …] the upper bound of each chunk, and its sessions
-- Returns the number of the first chunk that differs, -1 for none, or -2 when the run is not to be planned any more.
local phase, complete = unpack(redis.call('HMGET', KEYS[1], 'phase', 'planComplete'))
if complete == '1' or not PLANNABLE_PHASES[phase] then return -2 end
local chunk = tonumber(ARGV[1])
for i = 2, #ARGV, 2 do
  if redis.call('HSETNX', KEYS[2], chunk, ARGV[i]) == 1 then
    redis.call('HINCRBY', KEYS[1], 'total', 1)
    redis.call('HINCRBY', KEYS[1], 'planned', ARGV[i + 1])
  elseif redis.call('HGET', KEYS[2], chunk) ~= ARGV[i] then
    return chunk
  end
  chunk = chunk + 1
end
return -1
