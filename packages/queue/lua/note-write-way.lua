-- Notes how the sessions of a run are written; not for a run that is gone, where the note would stay without end.
--
-- KEYS[1] run
-- ARGV[1] description
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], 'writeWay', ARGV[1]) end
return 1
