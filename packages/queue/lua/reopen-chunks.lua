-- Chunks that failed, and chunks with rejects, are to be worked at again. Their counts stay until they are.
-- KEYS: run, chunks, changed, lease    ARGV: who, index of "rejected" among the counts, chunk …
-- Returns 1, or -1 where the lease is over: the run may have ended again.
if redis.call('GET', KEYS[4]) ~= ARGV[1] then return -1 end
local reopened = {}
for i = 3, #ARGV do
  local entry = redis.call('HGET', KEYS[2], ARGV[i]) or ''
  local state = string.match(entry, '^%a+')
  if state == 'failed' then
    redis.call('HDEL', KEYS[2], ARGV[i])
    redis.call('HINCRBY', KEYS[1], 'failed', -1)
    reopened[#reopened + 1] = tonumber(ARGV[i])
  elseif state == 'done' and (counts_of(entry)[tonumber(ARGV[2])] or 0) > 0 then
    redis.call('HSET', KEYS[2], ARGV[i], 'retry' .. string.sub(entry, 5))
    redis.call('HINCRBY', KEYS[1], 'done', -1)
    reopened[#reopened + 1] = tonumber(ARGV[i])
  elseif state == 'retry' then
    reopened[#reopened + 1] = tonumber(ARGV[i])
  end
end
for _, chunk in ipairs(reopened) do redis.call('RPUSH', KEYS[3], chunk) end
return 1
