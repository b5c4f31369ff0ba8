-- Marks the plan as complete: adds its last chunk, which has no upper bound, and a run that is planning is running now.
--
-- KEYS[1] run
-- ARGV[1] 1 when there is a last chunk, else 0   ARGV[2] the sessions in it
-- ARGV[3] how many rejects are allowed where the operator has set no limit
-- Returns 1, or 0 when the plan was complete already or the run is not to be planned any more.
local phase, complete, limit = unpack(redis.call('HMGET', KEYS[1], 'phase', 'planComplete', 'rejectLimit'))
if complete == '1' or not PLANNABLE_PHASES[phase] then return 0 end
redis.call('HSET', KEYS[1], 'planComplete', '1')
redis.call('HINCRBY', KEYS[1], 'total', ARGV[1])
redis.call('HINCRBY', KEYS[1], 'planned', ARGV[2])
if limit == '' then redis.call('HSET', KEYS[1], 'rejectLimit', ARGV[3]) end
if phase == 'planning' then redis.call('HSET', KEYS[1], 'phase', 'running') end
return 1
