-- Notes in a run's record that all of its ledger has the lifetime of a run that has ended, or of one that goes on; unless
-- the run has ended, has gone on or is gone meanwhile.
--
-- KEYS[1] run
-- ARGV[1] 1 for a run that has ended, else 0
-- Returns 1 when it is noted, else 0.
local ended = redis.call('HEXISTS', KEYS[1], 'finishedAt')
if ended ~= tonumber(ARGV[1]) then return 0 end
if ended == 1 then redis.call('HSET', KEYS[1], 'expires', '1') else redis.call('HDEL', KEYS[1], 'expires') end
return 1
