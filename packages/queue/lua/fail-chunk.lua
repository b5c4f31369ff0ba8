-- Records that a chunk failed for good.
--
-- KEYS[1] run   KEYS[2] chunks   KEYS[3] attempts   KEYS[4] changed
-- ARGV[1] JSON:
--   chunk   its number
--   reason  why
--   stats   "attempts milliseconds", or '' where they are not known
--   names   the names of the counts
--   generation   the run's when the attempt began, or ''
-- Returns 1 when it is recorded, 0 when the chunk is done after all, or the run is gone or was retried meanwhile.
local given = cjson.decode(ARGV[1])
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
if is_overtaken(KEYS[1], given.generation) then return 0 end
if not record_failed(KEYS[1], KEYS[2], given.chunk, given.names, given.reason) then return 0 end
log_change(KEYS[3], KEYS[4], given.chunk, given.stats)
expire_with(KEYS[1], { KEYS[2], KEYS[3], KEYS[4] })
return 1
