-- Documents of the served generation in order, with how far it is: one script, so both are of one moment. It looks at a
-- bounded number of places in the index and says where it stopped, because a script stops everybody else. Where that is not
-- enough, but few documents are wanted at all, it answers all of these, in no order of a rank.
--
-- KEYS[1] the number that is served; the other keys begin as it does and share its hash tag, so its slot too.
-- ARGV[1] what the projection's keys begin with
-- ARGV[2] the index: ids, ids:<tag>, rank0 or rank1
-- ARGV[3] asc or desc
-- ARGV[4], ARGV[5] the range within the index, from and to in the direction, as ZRANGE BYLEX takes them
-- ARGV[6] how many documents at the most
-- ARGV[7] how many places of the index to look at, at the most
-- ARGV[8] what the key must begin with (empty: anything)
-- ARGV[9] 1 if only the documents in ARGV[10] are wanted
-- ARGV[10] the index that has exactly the documents with the tag
-- ARGV[11], ARGV[12] the range there of the keys with the prefix, as ZLEXCOUNT takes it, for the total
-- ARGV[13] how many documents are few
--
-- Answers nil if nothing is served, else: the number that is served, the checkpoint, the total, where in the index to go
-- on from (nil: nowhere), a flat list of place in the index, body, place, body…, and 1 if these are all that there are.

local served = redis.call('GET', KEYS[1])
if not served then
    return false
end
local base = ARGV[1] .. ':g' .. served
local checkpoint = redis.call('GET', base .. ':checkpoint')
if not checkpoint then
    return false
end

local index, prefix = base .. ':' .. ARGV[2], ARGV[8]
local limit, look = tonumber(ARGV[6]), tonumber(ARGV[7])
local members
if ARGV[3] == 'asc' then
    members = redis.call('ZRANGE', index, ARGV[4], ARGV[5], 'BYLEX', 'LIMIT', 0, look)
else
    members = redis.call('ZRANGE', index, ARGV[4], ARGV[5], 'BYLEX', 'REV', 'LIMIT', 0, look)
end

-- A member of a rank's index is rank \1 key; one of the others is the key.
local keys = {}
for i, member in ipairs(members) do
    local separator = string.find(member, '\1', 1, true)
    keys[i] = separator and string.sub(member, separator + 1) or member
end
-- Who has the tag, in one call: a call costs more than what it does. Lua hands over some 8,000 arguments at the most,
-- and fewer places than that are looked at.
local tagged
if ARGV[9] == '1' and #keys > 0 then
    tagged = redis.call('ZMSCORE', base .. ':' .. ARGV[10], unpack(keys))
end

local found, stopped = {}, false
for i, member in ipairs(members) do
    if #found == limit * 2 then
        break
    end
    stopped = member
    if string.sub(keys[i], 1, #prefix) == prefix and (not tagged or tagged[i]) then
        found[#found + 1] = member
        found[#found + 1] = redis.call('GET', base .. ':doc:' .. keys[i])
    end
end
if #members < look and stopped == (members[#members] or false) then
    stopped = false
end

local total = redis.call('ZLEXCOUNT', base .. ':' .. ARGV[10], ARGV[11], ARGV[12])
local rank = tonumber(string.match(ARGV[2], '^rank(%d)$'))
local all = stopped and rank and #found < limit * 2 and total <= tonumber(ARGV[13])
if all then
    found, stopped = {}, false
end
if all and total > 0 then
    keys = redis.call('ZRANGE', base .. ':' .. ARGV[10], ARGV[11], ARGV[12], 'BYLEX')
    local places = redis.call('HMGET', base .. ':places', unpack(keys))
    for i, key in ipairs(keys) do
        -- Its tag and its ranks; some documents have none.
        local ranks = { string.match(places[i] or '', '\1([^\1]*)\1([^\1]*)$') }
        if ranks[rank + 1] then
            found[#found + 1] = ranks[rank + 1] .. '\1' .. key
            found[#found + 1] = redis.call('GET', base .. ':doc:' .. key)
        end
    end
end
return { served, checkpoint, total, stopped, found, all and 1 or 0 }
