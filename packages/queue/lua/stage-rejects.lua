-- Sets rejects aside until their chunk is recorded, so that a chunk of any size fits. Each is stored as
-- "attempts time code message", under its session id.
--
-- KEYS[1] run   KEYS[2] staged rejects   KEYS[3] rejects recorded before
-- ARGV[1] lifetime (ms)   ARGV[2 …] id, code, message of each
-- Returns 1, or 0 when the run is gone: nothing of a run that was forgotten may come back.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local now = string.format('%.0f', now_ms())
for i = 2, #ARGV, 3 do
  local before = redis.call('HGET', KEYS[3], ARGV[i])
  local attempts = before and tonumber(string.match(before, '^%d+')) + 1 or 1
  redis.call('HSET', KEYS[2], ARGV[i], attempts .. ' ' .. now .. ' ' .. ARGV[i + 1] .. ' ' .. ARGV[i + 2])
end
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return 1
