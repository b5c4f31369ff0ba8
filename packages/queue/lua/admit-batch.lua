-- Asked before each batch: may the run go on, and how long must the batch wait for the rate limit? The rate limiter is
-- GCRA (generic cell rate algorithm) without a burst: its whole state is one moment, the theoretical arrival time, before
-- which every session admitted so far is paid for.
--
-- KEYS[1] run   KEYS[2] rate limiter
-- ARGV[1] sessions in the batch
-- Returns the phase, the milliseconds to wait, and the rate or '' where there is no limit.
local phase, rate = unpack(redis.call('HMGET', KEYS[1], 'phase', 'maxRate'))
if not rate or rate == '' then return { phase, 0, '' } end
local now = now_ms()
local arrival = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), now)
local cost = math.ceil(tonumber(ARGV[1]) * 1000 / tonumber(rate))
redis.call('SET', KEYS[2], string.format('%.0f', arrival + cost), 'PX', string.format('%.0f', arrival + cost - now + 1000))
return { phase, arrival - now, rate }
