-- A chunk failed for good. One that is recorded as done stays done.
-- KEYS: totals, chunks, run, and of a copy: attempts, changed    ARGV: chunk, reason, stats or '', names of the counts …
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local before = redis.call('HGET', KEYS[2], ARGV[1])
local state = before and string.match(before, '^%a+')
if state == 'done' then return 0 end
-- What it counted while it was done counts no more.
if state == 'retry' then
  for i, count in ipairs(counts_of(before)) do redis.call('HINCRBY', KEYS[1], ARGV[i + 3], 0 - count) end
end
if state ~= 'failed' then redis.call('HINCRBY', KEYS[1], 'failed', 1) end
redis.call('HSET', KEYS[2], ARGV[1], 'failed ' .. ARGV[2])
if KEYS[4] then note_change(KEYS[4], KEYS[5], ARGV[1], ARGV[3]) end
expire_with(KEYS[3], { KEYS[2], unpack(KEYS, 4) })
return 1
