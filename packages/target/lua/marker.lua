-- Whether a run's marker is there, which renews it. A write that the server refuses, since it is full or cannot save, must
-- not stand in the way of a verification: the marker is read all the same.
-- KEYS: the marker    ARGV: its token, its lifetime in ms
-- Returns 1 where it is there, else 0.
if redis.call('GET', KEYS[1]) ~= ARGV[1] then return 0 end
local renewed = redis.pcall('PEXPIRE', KEYS[1], ARGV[2])
-- Not among the commands that a user must be allowed, as SET is.
if type(renewed) == 'table' then redis.pcall('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 1
