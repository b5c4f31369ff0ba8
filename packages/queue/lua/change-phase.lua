-- Compare and set. Returns the phase found when it is none of those the change may start from, else false.
-- KEYS: run, active    ARGV: run id, new phase, notice, 1 when the new phase ends the run, phases to start from …
local phase = redis.call('HGET', KEYS[1], 'phase')
local legal = false
for i = 5, #ARGV do
  if ARGV[i] == phase then legal = true end
end
if not legal then return phase end
redis.call('HSET', KEYS[1], 'phase', ARGV[2])
if ARGV[3] ~= '' then redis.call('HSET', KEYS[1], 'notice', ARGV[3]) end
if ARGV[4] == '1' then
  redis.call('HSET', KEYS[1], 'finishedAt', now_ms())
  if redis.call('GET', KEYS[2]) == ARGV[1] then redis.call('DEL', KEYS[2]) end
end
return false
