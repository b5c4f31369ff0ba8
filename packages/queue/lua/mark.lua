-- Sets one field of a record that is there: a run that was forgotten, or lost with the queue's data, must not come
-- back as a record of one field.
-- KEYS: run    ARGV: field, value
if redis.call('EXISTS', KEYS[1]) == 0 then return 0 end
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2])
return 1
