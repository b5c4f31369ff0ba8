-- Brings a delayed job forward to where the server's clock puts it: BullMQ dates it by the clock of the worker's machine,
-- which may be ahead. Its lists are BullMQ's; a score is the moment in ms times 4096, a marker wakes the workers.
--
-- KEYS[1] delayed jobs   KEYS[2] marker
-- ARGV[1] the job's id   ARGV[2] how long it is to be delayed from now on (ms)
-- Returns 1 when it was brought forward, else 0.
local score = redis.call('ZSCORE', KEYS[1], ARGV[1])
if not score then return 0 end
local due = (now_ms() + tonumber(ARGV[2])) * 4096
if tonumber(score) <= due then return 0 end
redis.call('ZADD', KEYS[1], string.format('%.0f', due), ARGV[1])
local first = redis.call('ZRANGE', KEYS[1], 0, 0, 'WITHSCORES')
redis.call('ZADD', KEYS[2], string.format('%.0f', tonumber(first[2]) / 4096), '1')
return 1
