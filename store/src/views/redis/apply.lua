-- Stores documents and moves the checkpoint, if the generation is where the projector believes: one script, so that data
-- and position change together and no event is applied twice or skipped.
--
-- KEYS[1] the generation's checkpoint; the other keys begin as it does and share its hash tag, so its slot too.
-- ARGV[1] what the generation's keys begin with
-- ARGV[2] the sequence that the checkpoint must be at
-- ARGV[3] the log's id, which must be the generation's
-- ARGV[4] the new checkpoint
-- ARGV[5..] per document: key, place (the tag, or tag \1 rank0 \1 rank1), body
--
-- Answers 1 when it is done, else where the generation is (nil: nowhere).

local at = redis.call('GET', KEYS[1])
if not at then
    return false
end
-- Compared as texts: Lua's numbers end at 2^53.
local sequence, log = string.match(at, '^(%d+) (%S+) ')
if sequence ~= ARGV[2] or log ~= ARGV[3] then
    return at
end

local base = ARGV[1]
local ids, tags, places = base .. ':ids', base .. ':tags', base .. ':places'
local by_rank = { base .. ':rank0', base .. ':rank1' }

local function parts(place)
    local tag, rank0, rank1 = string.match(place, '^([^\1]*)\1([^\1]*)\1([^\1]*)$')
    if tag then
        return tag, { rank0, rank1 }
    end
    return place, {}
end

for i = 5, #ARGV, 3 do
    local key, place, body = ARGV[i], ARGV[i + 1], ARGV[i + 2]
    redis.call('SET', base .. ':doc:' .. key, body)
    local before = redis.call('HGET', places, key)
    if before ~= place then
        redis.call('HSET', places, key, place)
        local tag, ranks = parts(place)
        local old_tag, old_ranks = nil, {}
        if before then
            old_tag, old_ranks = parts(before)
        else
            redis.call('ZADD', ids, 0, key)
        end
        if old_tag ~= tag then
            if old_tag then
                redis.call('ZREM', ids .. ':' .. old_tag, key)
            end
            redis.call('ZADD', ids .. ':' .. tag, 0, key)
            redis.call('SADD', tags, tag)
        end
        for place_of_rank = 1, 2 do
            local rank, old_rank = ranks[place_of_rank], old_ranks[place_of_rank]
            if rank ~= old_rank then
                if old_rank then
                    redis.call('ZREM', by_rank[place_of_rank], old_rank .. '\1' .. key)
                end
                if rank then
                    redis.call('ZADD', by_rank[place_of_rank], 0, rank .. '\1' .. key)
                end
            end
        end
    end
end

redis.call('SET', KEYS[1], ARGV[4])
return 1
