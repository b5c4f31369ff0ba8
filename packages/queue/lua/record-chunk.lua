-- Records a copied chunk: its counts and its rejects enter the ledger together.
--
-- KEYS[1] run              KEYS[2] chunks     KEYS[3] samples
-- KEYS[4] staged rejects   KEYS[5] rejects    KEYS[6] active run
-- KEYS[7] attempts         KEYS[8] changed    KEYS[9] series
-- ARGV[1] JSON:
--   run            the run's id
--   chunk          its number
--   names, counts  the names of the counts, and the counts in the same order
--   stats          "attempts milliseconds", or '' where they are not known
--   generation     the run's when the attempt began, or ''
--   retried        the entry whose rejects alone were tried again, or ''
-- Returns 1 when it is recorded; 0 when nothing was to be recorded, because the run is gone or another attempt was faster;
-- -1 when the staged rejects are missing; -2 when the run was retried meanwhile.
local run, chunks, samples, staged, rejects, active, attempts, changed, series = unpack(KEYS)
local given = cjson.decode(ARGV[1])

-- The run reads at most one sample a second of the last 15 minutes, and a series of the whole run: whenever that is
-- full, every other sample of it is dropped and its step doubles.
local RECENT, SERIES = 900, 720

local function count_of(name)
  for i, one in ipairs(given.names) do
    if one == name then return given.counts[i] end
  end
  return 0
end

-- What an update moved from a chunk to another is found by the closing chunk, which has to begin after all others were
-- read. `entry` is what the ledger said of this one before.
local function keep_closing_last(entry)
  local order, complete, total = unpack(redis.call('HMGET', run, 'order', 'planComplete', 'total'))
  if order ~= 'physical' or complete ~= '1' then return end
  local closing = tonumber(total) - 1
  local state = state_of(entry)
  if given.chunk == closing then
    redis.call('HSET', run, 'newer', count_of('read'))
  elseif (state == 'open' or state == 'failed') and reopen(run, chunks, closing, given.names) then
    redis.call('HDEL', run, 'newer')
    redis.call('RPUSH', changed, closing)
  elseif state == 'failed' then
    -- It had been given up, so that a worker may have the closing chunk in hand already: that attempt is overtaken.
    redis.call('HINCRBY', run, 'generation', 1)
  end
end

local function record(entry)
  local rejected = count_of('rejected')
  -- An attempt that tried only the rejects again does not know what another attempt recorded meanwhile: that stays.
  if given.retried ~= '' and entry ~= given.retried and state_of(entry) ~= 'failed' then
    redis.call('UNLINK', staged)
    return 0
  end
  -- Staged rejects expire. They are also gone when the client sends a call again whose answer was lost: the first one has
  -- moved them, and has recorded the same counts.
  if rejected > 0 and redis.call('EXISTS', staged) == 0 then
    if entry ~= done_entry(given.counts) or redis.call('EXISTS', rejects) == 0 then return -1 end
  end
  record_done(run, chunks, given.chunk, given.names, given.counts)
  log_change(attempts, changed, given.chunk, given.stats)
  redis.call('HDEL', run, 'waiting')
  if redis.call('EXISTS', staged) == 1 then
    redis.call('RENAME', staged, rejects)
    redis.call('PERSIST', rejects)
  elseif rejected == 0 then
    redis.call('DEL', rejects)
  end
  return 1
end

local function add_sample(list, now, step)
  local last = redis.call('LINDEX', list, -1)
  if last and now - tonumber(string.match(last, '^%d+')) < step then return end
  redis.call('RPUSH', list, string.format('%.0f', now) .. ' ' .. redis.call('HGET', run, 'read'))
end

local function sample_progress()
  local now = now_ms()
  add_sample(samples, now, 1000)
  redis.call('LTRIM', samples, -RECENT, -1)
  local step = tonumber(redis.call('HGET', run, 'seriesStep') or '1000')
  add_sample(series, now, step)
  if redis.call('LLEN', series) <= SERIES then return end
  local all = redis.call('LRANGE', series, 0, -1)
  redis.call('DEL', series)
  for i = 1, #all, 2 do redis.call('RPUSH', series, all[i]) end
  redis.call('HSET', run, 'seriesStep', step * 2)
end

-- The limit is set by whoever starts the run, or else when its plan is complete. A retry allows again what was rejected
-- before it.
local function enforce_reject_limit()
  local limit, rejected, forgiven, phase =
    unpack(redis.call('HMGET', run, 'rejectLimit', 'rejected', 'forgiven', 'phase'))
  limit = tonumber(limit or '')
  if not limit or not ACTIVE_PHASES[phase] then return end
  limit = limit + tonumber(forgiven or '0')
  if tonumber(rejected) <= limit then return end
  end_run(run, active, given.run, 'failed',
    'stopped: ' .. rejected .. ' sessions were rejected, more than the ' .. string.format('%d', limit) .. ' allowed (--max-rejects)')
end

if redis.call('EXISTS', run) == 0 then
  redis.call('UNLINK', staged)
  return 0
end
if is_overtaken(run, given.generation) then
  redis.call('UNLINK', staged)
  return -2
end
local entry = redis.call('HGET', chunks, given.chunk) or ''
local recorded = record(entry)
if recorded ~= 1 then return recorded end
keep_closing_last(entry)
sample_progress()
enforce_reject_limit()
-- The run may have ended, just now or earlier, and its ledger may have been given its expiry already.
expire_with(run, { chunks, samples, rejects, attempts, changed, series })
return 1
