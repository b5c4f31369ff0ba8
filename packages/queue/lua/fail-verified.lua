-- Records that a chunk could not be verified.
--
-- KEYS[1] verification   KEYS[2] its chunks   KEYS[3] run
-- ARGV[1] JSON:
--   verification  its id
--   chunk         the chunk's number
--   reason        why
-- Returns 1 when it is recorded, 0 when the chunk is done after all or a newer verification has taken this one's place.
local given = cjson.decode(ARGV[1])
if redis.call('HGET', KEYS[1], 'id') ~= given.verification then return 0 end
if not record_failed(KEYS[1], KEYS[2], given.chunk, {}, given.reason) then return 0 end
expire_with(KEYS[3], { KEYS[2] })
return 1
