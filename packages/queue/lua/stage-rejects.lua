-- Rejects wait beside the ledger until their chunk is recorded, so that a chunk of any size fits.
-- One is stored as "attempts time code message".
-- KEYS: run, staged, rejects recorded before    ARGV: lifetime (ms), then per reject: id, code, message
-- Nothing of a run that was forgotten comes back.
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
local now = string.format('%.0f', now_ms())
for i = 2, #ARGV, 3 do
  local before = redis.call('HGET', KEYS[3], ARGV[i])
  local attempts = before and tonumber(string.match(before, '^%d+')) + 1 or 1
  redis.call('HSET', KEYS[2], ARGV[i], attempts .. ' ' .. now .. ' ' .. ARGV[i + 1] .. ' ' .. ARGV[i + 2])
end
redis.call('PEXPIRE', KEYS[2], ARGV[1])
return 1
