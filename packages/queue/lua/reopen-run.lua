-- Makes a run that has ended the active one again, and attempts that began before its past: see is_overtaken. As many sessions as it has rejected so far may be rejected once more.
-- Its chunks are not reopened yet: until they are, the lease keeps the run from being finalized.
--
-- KEYS[1] run   KEYS[2] active run   KEYS[3] lease of the retry
-- ARGV[1] the run's id   ARGV[2] who takes the lease   ARGV[3] for how long (ms)
-- Returns false, or what stands in the way: { 'active', the active run } or { 'phase', the run's phase }.
local phase, complete, rejected = unpack(redis.call('HMGET', KEYS[1], 'phase', 'planComplete', 'rejected'))
-- The client sends a call again whose answer was lost.
if redis.call('GET', KEYS[3]) == ARGV[2] then return false end
if not RETRYABLE_PHASES[phase] then return { 'phase', phase or 'forgotten' } end
local holder = redis.call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then return { 'active', holder } end
redis.call('SET', KEYS[2], ARGV[1])
redis.call('SET', KEYS[3], ARGV[2], 'PX', ARGV[3])
redis.call('HSET', KEYS[1], 'phase', complete == '1' and 'running' or 'planning', 'notice', '', 'forgiven', rejected)
redis.call('HINCRBY', KEYS[1], 'generation', 1)
redis.call('HDEL', KEYS[1], 'finishedAt')
-- The rest of the ledger is to be kept as well: see mark-lifetime.lua.
redis.call('HSET', KEYS[1], 'expires', '0')
redis.call('PERSIST', KEYS[1])
return false
