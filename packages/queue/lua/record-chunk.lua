-- Counts and rejects of one copied chunk enter the ledger together.
-- KEYS: run, chunks, samples, staged rejects, rejects of the chunk, active
-- ARGV: run id, chunk, number of counts, names …, counts …
local run, chunks, samples, staged, rejects, active = unpack(KEYS)
if redis.call('EXISTS', run) == 0 then return 0 end
local n = tonumber(ARGV[3])
local names, counts, chunk_rejected = {}, {}, 0
for i = 1, n do
  names[i] = ARGV[3 + i]
  counts[i] = tonumber(ARGV[3 + n + i])
  if names[i] == 'rejected' then chunk_rejected = counts[i] end
end
tally(run, chunks, ARGV[2], names, counts)
redis.call('HDEL', run, 'waiting')

if redis.call('EXISTS', staged) == 1 then
  redis.call('RENAME', staged, rejects)
  redis.call('PERSIST', rejects)
elseif chunk_rejected == 0 then
  -- Not where there are rejects: the client sends a call again whose answer was lost, and the first one has
  -- moved them already.
  redis.call('DEL', rejects)
end

-- A sample of progress at most once a second, for the rate of the last minute.
local now = now_ms()
local last = redis.call('LINDEX', samples, -1)
if not last or now - tonumber(string.match(last, '^%d+')) >= 1000 then
  redis.call('RPUSH', samples, now .. ' ' .. redis.call('HGET', run, 'read'))
  redis.call('LTRIM', samples, -60, -1)
end

-- How many rejects are too many is known once the plan is whole, unless it was said.
local said, planned, whole, rejected, phase =
  unpack(redis.call('HMGET', run, 'maxRejects', 'planned', 'planWhole', 'rejected', 'phase'))
local limit = tonumber(said or '')
if not limit and whole == '1' then limit = math.max(1000, math.floor(tonumber(planned) / 100)) end
if limit and tonumber(rejected) > limit and (phase == 'planning' or phase == 'running' or phase == 'paused') then
  end_run(run, active, ARGV[1], 'failed',
    'stopped: ' .. rejected .. ' sessions were rejected, more than the ' .. string.format('%d', limit) .. ' allowed (--max-rejects)')
end
return 1
