-- A worker says that it is there and what it does. The time is the server's, so that clocks need not agree; whoever
-- has been silent for long is dropped.
-- KEYS: workers, when each was last seen    ARGV: name, report, milliseconds after which a silent one is dropped
local now = now_ms()
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now, ARGV[1])
local silent = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[3]), 'LIMIT', 0, 100)
for _, name in ipairs(silent) do
  redis.call('HDEL', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
end
return 1
