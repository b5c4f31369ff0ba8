-- Changes a run's phase, if it is in one from which that is legal.
--
-- KEYS[1] run   KEYS[2] active run
-- ARGV[1] the run's id   ARGV[2] the new phase   ARGV[3] notice   ARGV[4] 1 when the new phase ends the run
-- ARGV[5] token of this call   ARGV[6 …] the phases from which it is legal
-- Returns false, or the phase found where it is none of those ('forgotten' where there is no such run).
local phase, complete, token = unpack(redis.call('HMGET', KEYS[1], 'phase', 'planComplete', 'changed'))
-- The client sends a call again whose answer was lost.
if token == ARGV[5] then return false end
local legal = false
for i = 6, #ARGV do
  if ARGV[i] == phase then legal = true end
end
if not legal then return phase or 'forgotten' end
redis.call('HSET', KEYS[1], 'changed', ARGV[5])
if ARGV[4] == '1' then
  end_run(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
else
  -- The plan may have become complete since the caller looked at it.
  local new = ARGV[2] == 'planning' and complete == '1' and 'running' or ARGV[2]
  redis.call('HSET', KEYS[1], 'phase', new, 'notice', ARGV[3])
end
return false
