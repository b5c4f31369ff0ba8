-- What verifying one chunk showed. Ignored when a newer verification has taken this one's place.
-- KEYS: verification, its chunks, its plan, run    ARGV: verification id, chunk, number of counts, names …, counts …
if redis.call('HGET', KEYS[1], 'id') ~= ARGV[1] then return 0 end
local n = tonumber(ARGV[3])
local names, counts = {}, {}
for i = 1, n do
  names[i] = ARGV[3 + i]
  counts[i] = tonumber(ARGV[3 + n + i])
end
redis.call('HDEL', KEYS[1], 'waiting')
tally(KEYS[1], KEYS[2], ARGV[2], names, counts)
expire_with(KEYS[4], { KEYS[1], KEYS[2], KEYS[3] })
return 1
