-- Ends a run in a phase that is not active, and lets another run become the active one.
local function end_run(run, active, id, phase, notice)
  redis.call('HSET', run, 'phase', phase, 'finishedAt', now_ms())
  redis.call('HDEL', run, 'waiting')
  if notice ~= '' then redis.call('HSET', run, 'notice', notice) end
  if redis.call('GET', active) == id then redis.call('DEL', active) end
end
