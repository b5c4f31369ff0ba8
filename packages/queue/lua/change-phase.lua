-- Compare and set. Returns the phase found when it is none of those the change may start from, else false.
-- KEYS: run, active    ARGV: run id, new phase, notice, 1 when the new phase ends the run, token, phases to start from …
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
  -- The plan may have become complete since it was looked at.
  local new = ARGV[2] == 'planning' and complete == '1' and 'running' or ARGV[2]
  redis.call('HSET', KEYS[1], 'phase', new, 'notice', ARGV[3])
end
return false
