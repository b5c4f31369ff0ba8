-- Takes a run that has ended back to work, if no other run is active. What it rejected so far is forgiven: allowed once more.
-- Its chunks are not reopened yet: the lease has the run go on until they are.
-- KEYS: run, active, lease    ARGV: run id, who, for how long (ms)
-- Returns false, or what stands in the way: the active run, or the phase.
local phase, complete, rejected = unpack(redis.call('HMGET', KEYS[1], 'phase', 'planComplete', 'rejected'))
-- The client sends a call again whose answer was lost.
if redis.call('GET', KEYS[3]) == ARGV[2] then return false end
if phase ~= 'completed' and phase ~= 'failed' then return { 'phase', phase or 'forgotten' } end
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return { 'active', holder } end
redis.call('SET', KEYS[2], ARGV[1])
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
redis.call('HSET', KEYS[1], 'phase', complete == '1' and 'running' or 'planning', 'notice', '', 'forgiven', rejected)
redis.call('HDEL', KEYS[1], 'finishedAt')
-- The rest of the ledger is to be kept as well: see mark-lifetime.lua.
redis.call('HSET', KEYS[1], 'expires', '0')
redis.call('PERSIST', KEYS[1])
return false
