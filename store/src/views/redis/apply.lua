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
local ranks = { base .. ':rank0', base .. ':rank1' }
-- Redis does nothing else meanwhile, and a call costs more than what it does: what is of one kind is one call, for as
-- many documents as Lua hands over the arguments of, some 8,000.
local DOCUMENTS_PER_CALL = 2000

local function parts(place)
    local tag, rank0, rank1 = string.match(place, '^([^\1]*)\1([^\1]*)\1([^\1]*)$')
    return tag or place, rank0, rank1
end

local function call(command, key, arguments)
    if #arguments > 0 then
        redis.call(command, key, unpack(arguments))
    end
end

-- A member of a rank's index takes the place of the one that the document had there.
local function move(key, rank, old_rank, gone, new)
    if rank == old_rank then
        return
    end
    if old_rank then
        gone[#gone + 1] = old_rank .. '\1' .. key
    end
    if rank then
        new[#new + 1] = 0
        new[#new + 1] = rank .. '\1' .. key
    end
end

for first = 5, #ARGV, 3 * DOCUMENTS_PER_CALL do
    local last = math.min(first + 3 * DOCUMENTS_PER_CALL - 1, #ARGV)
    local keys, bodies = {}, {}
    for i = first, last, 3 do
        local count = #keys
        keys[count + 1] = ARGV[i]
        bodies[2 * count + 1] = base .. ':doc:' .. ARGV[i]
        bodies[2 * count + 2] = ARGV[i + 2]
    end
    redis.call('MSET', unpack(bodies))
    local before = redis.call('HMGET', places, unpack(keys))
    local moved, named = {}, {}
    local gone, new = { {}, {} }, { {}, {} }
    for i, key in ipairs(keys) do
        local place, old_place = ARGV[first + 3 * i - 2], before[i]
        if old_place ~= place then
            moved[#moved + 1] = key
            moved[#moved + 1] = place
            local tag, rank0, rank1 = parts(place)
            local old_tag, old_rank0, old_rank1
            if old_place then
                old_tag, old_rank0, old_rank1 = parts(old_place)
            else
                named[#named + 1] = 0
                named[#named + 1] = key
            end
            if old_tag ~= tag then
                if old_tag then
                    redis.call('ZREM', ids .. ':' .. old_tag, key)
                end
                redis.call('ZADD', ids .. ':' .. tag, 0, key)
                redis.call('SADD', tags, tag)
            end
            move(key, rank0, old_rank0, gone[1], new[1])
            move(key, rank1, old_rank1, gone[2], new[2])
        end
    end
    call('HSET', places, moved)
    call('ZADD', ids, named)
    for i = 1, 2 do
        call('ZREM', ranks[i], gone[i])
        call('ZADD', ranks[i], new[i])
    end
end

redis.call('SET', KEYS[1], ARGV[4])
return 1
