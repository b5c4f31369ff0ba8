-- Ends a run when none of its chunks is left to copy. Harmless at any time, by anyone, any number of times.
--
-- KEYS[1] run   KEYS[2] active run   KEYS[3] lease of the retry that reopens its chunks   KEYS[4] chunks
-- ARGV[1] the run's id
-- Returns the run's phase, '' where there is no such run; and the closing chunk where that alone is left, which may begin
-- only now.
local run, chunks = KEYS[1], KEYS[4]
local phase, complete, total, done, failed, order =
  unpack(redis.call('HMGET', run, 'phase', 'planComplete', 'total', 'done', 'failed', 'order'))
if not phase then return { '' } end
if phase ~= 'running' or complete ~= '1' then return { phase } end
if redis.call('EXISTS', KEYS[3]) == 1 then return { phase } end
local left = tonumber(total) - tonumber(done) - tonumber(failed)
if left > 0 then
  local closing = tonumber(total) - 1
  local isDue = order == 'physical' and left == 1 and redis.call('HEXISTS', chunks, closing) == 0
  return isDue and { phase, closing } or { phase }
end
phase = tonumber(failed) > 0 and 'failed' or 'completed'
end_run(run, KEYS[2], ARGV[1], phase, '')
return { phase }
