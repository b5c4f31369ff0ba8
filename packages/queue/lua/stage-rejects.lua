-- Rejects wait beside the ledger until their chunk is recorded, so that a chunk of any size fits.
-- KEYS: staged, rejects recorded before    ARGV: lifetime (ms), chunk, time, then per reject: id, code, message
local lifetime, chunk, at = ARGV[1], tonumber(ARGV[2]), ARGV[3]
for i = 4, #ARGV, 3 do
  local attempts = 1
  local before = redis.call('HGET', KEYS[2], ARGV[i])
  if before then attempts = cjson.decode(before).attempts + 1 end
  redis.call('HSET', KEYS[1], ARGV[i], cjson.encode({
    chunk = chunk, code = ARGV[i + 1], message = ARGV[i + 2], attempts = attempts, at = at,
  }))
end
redis.call('PEXPIRE', KEYS[1], lifetime)
return 1
