-- Ends a run when none of its chunks is left to copy. Harmless at any time, by anyone, any number of times.
--
-- KEYS[1] run   KEYS[2] active run   KEYS[3] lease of the retry that reopens its chunks
-- ARGV[1] the run's id
-- Returns the run's phase; false where there is no such run.
local run = KEYS[1]
local phase, complete, total, done, failed = unpack(redis.call('HMGET', run, 'phase', 'planComplete', 'total', 'done', 'failed'))
if phase ~= 'running' or complete ~= '1' then return phase end
if redis.call('EXISTS', KEYS[3]) == 1 then return phase end
if tonumber(done) + tonumber(failed) < tonumber(total) then return phase end
phase = tonumber(failed) > 0 and 'failed' or 'completed'
end_run(run, KEYS[2], ARGV[1], phase, '')
return phase
