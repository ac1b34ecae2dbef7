-- Drops a generation, some documents at a time, because a script stops everybody else. The checkpoint goes first: from
-- then on nobody reads it or applies to it.
--
-- KEYS[1] the generation's checkpoint
-- KEYS[2] the set of generations
-- ARGV[1] what the generation's keys begin with
-- ARGV[2] the generation
-- ARGV[3] how many documents at the most
--
-- Answers 1 while there is more.

local base = ARGV[1]
local ids, tags = base .. ':ids', base .. ':tags'
redis.call('DEL', KEYS[1])
local keys = redis.call('ZRANGE', ids, 0, tonumber(ARGV[3]) - 1)
for _, key in ipairs(keys) do
    redis.call('UNLINK', base .. ':doc:' .. key)
end
if #keys > 0 then
    redis.call('ZREMRANGEBYRANK', ids, 0, #keys - 1)
    return 1
end
-- The indexes are freed by Redis in the background.
for _, tag in ipairs(redis.call('SMEMBERS', tags)) do
    redis.call('UNLINK', ids .. ':' .. tag)
end
redis.call('UNLINK', ids, tags, base .. ':places', base .. ':rank0', base .. ':rank1')
redis.call('SREM', KEYS[2], ARGV[2])
return 0
