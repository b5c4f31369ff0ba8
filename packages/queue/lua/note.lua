-- Notes in a run's record what its status shall say; not for a run that is gone, where the note would stay without end.
--
-- KEYS[1] run
-- ARGV[1] field   ARGV[2] what it says
if redis.call('EXISTS', KEYS[1]) == 1 then redis.call('HSET', KEYS[1], ARGV[1], ARGV[2]) end
return 1
