-- Counts and rejects of one copied chunk enter the ledger together.
-- Returns -1 when its rejects are missing, and has recorded nothing then.
-- KEYS: run, chunks, samples, staged rejects, rejects of the chunk, active, attempts, changed, series
-- ARGV: run id, chunk, number of counts, names …, counts …, stats or '', entry whose rejects were tried again or ''
local run, chunks, samples, staged, rejects, active, attempts, changed, series = unpack(KEYS)
if redis.call('EXISTS', run) == 0 then
  redis.call('UNLINK', staged)
  return 0
end
local n = tonumber(ARGV[3])
local names, counts, chunk_rejected = {}, {}, 0
for i = 1, n do
  names[i] = ARGV[3 + i]
  counts[i] = tonumber(ARGV[3 + n + i])
  if names[i] == 'rejected' then chunk_rejected = counts[i] end
end
-- Whoever tried only the rejects again knows nothing of what another recorded meanwhile: that stays.
local seen, entry = ARGV[5 + 2 * n], redis.call('HGET', chunks, ARGV[2]) or ''
if seen ~= '' and entry ~= seen and string.match(entry, '^failed') == nil then
  redis.call('UNLINK', staged)
  return 0
end
-- What was set aside may have expired. Unless the same is recorded already: the client sends a call again whose answer
-- was lost, and the first one has moved the rejects.
if chunk_rejected > 0 and redis.call('EXISTS', staged) == 0 then
  if entry ~= 'done ' .. table.concat(counts, ' ') or redis.call('EXISTS', rejects) == 0 then return -1 end
end
tally(run, chunks, ARGV[2], names, counts)
note_change(attempts, changed, ARGV[2], ARGV[4 + 2 * n])
redis.call('HDEL', run, 'waiting')

if redis.call('EXISTS', staged) == 1 then
  redis.call('RENAME', staged, rejects)
  redis.call('PERSIST', rejects)
elseif chunk_rejected == 0 then
  redis.call('DEL', rejects)
end

-- Samples of progress: one a second at most for the last 15 minutes; and for the whole run a series of which every
-- other sample goes, and the step doubles, whenever it is full.
local RECENT, SERIES = 900, 720
local now = now_ms()
local function sample(list, step)
  local last = redis.call('LINDEX', list, -1)
  if last and now - tonumber(string.match(last, '^%d+')) < step then return end
  redis.call('RPUSH', list, string.format('%.0f', now) .. ' ' .. redis.call('HGET', run, 'read'))
end
sample(samples, 1000)
redis.call('LTRIM', samples, -RECENT, -1)
local step = tonumber(redis.call('HGET', run, 'seriesStep') or '1000')
sample(series, step)
if redis.call('LLEN', series) > SERIES then
  local all = redis.call('LRANGE', series, 0, -1)
  redis.call('DEL', series)
  for i = 1, #all, 2 do redis.call('RPUSH', series, all[i]) end
  redis.call('HSET', run, 'seriesStep', step * 2)
end

-- How many rejects are too many is known once the plan is complete, unless it was said. Those of before a retry are
-- allowed besides.
local said, planned, complete, rejected, forgiven, phase =
  unpack(redis.call('HMGET', run, 'maxRejects', 'planned', 'planComplete', 'rejected', 'forgiven', 'phase'))
local limit = tonumber(said or '')
if not limit and complete == '1' then limit = math.max(1000, math.floor(tonumber(planned) / 100)) end
if limit then limit = limit + tonumber(forgiven or '0') end
if limit and tonumber(rejected) > limit and (phase == 'planning' or phase == 'running' or phase == 'paused') then
  end_run(run, active, ARGV[1], 'failed',
    'stopped: ' .. rejected .. ' sessions were rejected, more than the ' .. string.format('%d', limit) .. ' allowed (--max-rejects)')
end

-- Another chunk may have ended the run, and whoever has its ledger expire may have been here before.
expire_with(run, { chunks, samples, rejects, attempts, changed, series })
return 1
