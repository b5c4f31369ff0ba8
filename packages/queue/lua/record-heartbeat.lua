-- Records a worker's heartbeat, at the server's time, and drops the workers that have sent none for long.
--
-- KEYS[1] workers   KEYS[2] when each was last seen
-- ARGV[1] the worker's name   ARGV[2] its report   ARGV[3] milliseconds without a heartbeat after which one is dropped
local now = now_ms()
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
redis.call('ZADD', KEYS[2], now, ARGV[1])
local lost = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', now - tonumber(ARGV[3]), 'LIMIT', 0, 100)
for _, name in ipairs(lost) do
  redis.call('HDEL', KEYS[1], name)
  redis.call('ZREM', KEYS[2], name)
end
return 1
