-- A chunk failed for good. One that is recorded as done stays done.
-- KEYS: totals, chunks    ARGV: chunk, reason
local before = redis.call('HGET', KEYS[2], ARGV[1])
if before and string.sub(before, 1, 5) == 'done ' then return 0 end
if not before then redis.call('HINCRBY', KEYS[1], 'failed', 1) end
redis.call('HSET', KEYS[2], ARGV[1], 'failed ' .. ARGV[2])
return 1
