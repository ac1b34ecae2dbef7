-- Serves a generation that exists, unless a later one is served already, or one that is further on in the same log: of two
-- projectors that fill, neither must take readers back.
--
-- KEYS[1] the number that is served; the other keys begin as it does and share its hash tag, so its slot too.
-- KEYS[2] the generation's checkpoint
-- ARGV[1] the generation
-- ARGV[2] what the projection's keys begin with

local checkpoint = redis.call('GET', KEYS[2])
if not checkpoint then
    return 0
end
local served = redis.call('GET', KEYS[1])
if served then
    if tonumber(served) >= tonumber(ARGV[1]) then
        return 0
    end
    local other = redis.call('GET', ARGV[2] .. ':g' .. served .. ':checkpoint')
    if other then
        local place, log = string.match(checkpoint, '^(%d+) (%S+)')
        local other_place, other_log = string.match(other, '^(%d+) (%S+)')
        if log == other_log and tonumber(other_place) > tonumber(place) then
            return 0
        end
    end
end
redis.call('SET', KEYS[1], ARGV[1])
return 1
