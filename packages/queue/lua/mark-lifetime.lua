-- Notes in the record that all of the ledger has the lifetime of a run that has ended, or of one that goes on; not when
-- the run has ended, or gone on again, or is gone, meanwhile.
-- KEYS: run    ARGV: 1 for one that has ended, else 0
local ended = redis.call('HEXISTS', KEYS[1], 'finishedAt')
if ended ~= tonumber(ARGV[1]) then return 0 end
if ended == 1 then redis.call('HSET', KEYS[1], 'expires', '1') else redis.call('HDEL', KEYS[1], 'expires') end
return 1
