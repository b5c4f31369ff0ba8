-- Records what the verification of one chunk showed.
--
-- KEYS[1] verification   KEYS[2] its chunks   KEYS[3] its plan   KEYS[4] run
-- ARGV[1] JSON:
--   verification   its id
--   chunk          the chunk's number
--   names, counts  the names of the counts, and the counts in the same order
-- Returns 1 when it is recorded, 0 when a newer verification has taken this one's place.
local given = cjson.decode(ARGV[1])
if redis.call('HGET', KEYS[1], 'id') ~= given.verification then return 0 end
redis.call('HDEL', KEYS[1], 'waiting')
record_done(KEYS[1], KEYS[2], given.chunk, given.names, given.counts)
expire_with(KEYS[4], { KEYS[1], KEYS[2], KEYS[3] })
return 1
