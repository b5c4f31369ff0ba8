-- Changes how fast a run may go. What was to be waited for at the old rate is forgiven.
-- KEYS: run, rate limiter    ARGV: sessions a second or '', phases in which it may change …
-- Returns the phase found when it is none of those, else false.
local phase = redis.call('HGET', KEYS[1], 'phase')
for i = 2, #ARGV do
  if ARGV[i] == phase then
    redis.call('HSET', KEYS[1], 'maxRate', ARGV[1])
    redis.call('DEL', KEYS[2])
    return false
  end
end
return phase or 'forgotten'
