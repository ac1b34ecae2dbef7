-- Serves a generation that exists, unless a later one is served already: of two projectors that replay, the slower one
-- must not take readers back.
--
-- KEYS[1] the number that is served
-- KEYS[2] the generation's checkpoint
-- ARGV[1] the generation

if redis.call('EXISTS', KEYS[2]) == 0 then
    return 0
end
local served = redis.call('GET', KEYS[1])
if served and tonumber(served) >= tonumber(ARGV[1]) then
    return 0
end
redis.call('SET', KEYS[1], ARGV[1])
return 1
