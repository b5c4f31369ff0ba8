-- Compare and set. Returns the phase found when it is none of those the change may start from, else false.
-- KEYS: run, active    ARGV: run id, new phase, notice, 1 when the new phase ends the run, phases to start from …
local phase = redis.call('HGET', KEYS[1], 'phase')
local legal = false
for i = 5, #ARGV do
  if ARGV[i] == phase then legal = true end
end
if not legal then return phase or 'forgotten' end
if ARGV[4] == '1' then
  end_run(KEYS[1], KEYS[2], ARGV[1], ARGV[2], ARGV[3])
else
  redis.call('HSET', KEYS[1], 'phase', ARGV[2], 'notice', ARGV[3])
end
return false
