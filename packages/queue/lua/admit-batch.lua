-- Asked before each batch: may this run go on, and how long must the batch wait for the rate to allow it?
-- The rate limiter is GCRA (generic cell rate algorithm) without a burst: its whole state is one moment, the theoretical
-- arrival time, before which every session admitted so far is paid for.
-- KEYS: run, rate limiter    ARGV: sessions    Returns: phase, milliseconds to wait, rate or ''
local phase, rate = unpack(redis.call('HMGET', KEYS[1], 'phase', 'maxRate'))
if not rate or rate == '' then return { phase, 0, '' } end
local now = now_ms()
local free = math.max(tonumber(redis.call('GET', KEYS[2]) or '0'), now)
local cost = math.ceil(tonumber(ARGV[1]) * 1000 / tonumber(rate))
redis.call('SET', KEYS[2], string.format('%.0f', free + cost), 'PX', string.format('%.0f', free + cost - now + 1000))
return { phase, free - now, rate }
