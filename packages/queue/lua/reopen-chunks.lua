-- Reopens chunks that failed, and chunks with rejects. The counts of the latter stay until they are recorded anew.
--
-- KEYS[1] run   KEYS[2] chunks   KEYS[3] changed   KEYS[4] lease of the retry
-- ARGV[1] who holds the lease   ARGV[2] index of "rejected" among the counts   ARGV[3 …] the chunks
-- Returns 1, or -1 when the lease is over: the run may have ended again.
if redis.call('GET', KEYS[4]) ~= ARGV[1] then return -1 end
local reopened = {}
for i = 3, #ARGV do
  local chunk = ARGV[i]
  local entry = redis.call('HGET', KEYS[2], chunk)
  local state = state_of(entry)
  if state == 'failed' then
    redis.call('HDEL', KEYS[2], chunk)
    redis.call('HINCRBY', KEYS[1], 'failed', -1)
    reopened[#reopened + 1] = chunk
  elseif state == 'done' and (counts_of(entry)[tonumber(ARGV[2])] or 0) > 0 then
    redis.call('HSET', KEYS[2], chunk, 'retry' .. string.sub(entry, 5))
    redis.call('HINCRBY', KEYS[1], 'done', -1)
    reopened[#reopened + 1] = chunk
  elseif state == 'retry' then
    reopened[#reopened + 1] = chunk
  end
end
for _, chunk in ipairs(reopened) do redis.call('RPUSH', KEYS[3], chunk) end
return 1
