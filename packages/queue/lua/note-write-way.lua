-- Says how the run's sessions are written; not of a run that is gone, where it would stay for ever.
-- KEYS: run    ARGV: description
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'writeWay', ARGV[1]) end
return 1
