-- Stores an entry and gives the right to load back, in one step, unless something stands against it:
-- C13: the log is missing, of another epoch than the entry, or of another incarnation (1).
-- C4: one of the clocks of what it was made from was moved after its fence (2).
-- C11: what lies there has the same epoch and the same or a higher (fence, ticket) (3).
-- KEYS: the log, the lease, the entry. ARGV: the epoch; the fence; the caller's name as holder of the lease, empty for none; for how
-- long, in ms; the entry; then the ids of the clocks.
-- An entry begins with two bytes, its epoch in 16, its fence and its ticket in 8 each, little-endian.
local function done(outcome)
    if ARGV[3] ~= '' and redis.pcall('GET', KEYS[2]) == ARGV[3] then
        redis.call('DEL', KEYS[2])
    end
    return outcome
end

local server = redis.call('INFO', 'replication')
-- A replica that takes writes of its own has its primary's incarnation.
if not string.find(server, 'role:master', 1, true) then
    return redis.error_reply('READONLY The server does not lead.')
end
local head = redis.call('HMGET', KEYS[1], 'e', 'i')
if head[1] ~= ARGV[1] or head[2] ~= string.match(server, 'master_replid:(%x+)') then
    return done(1)
end
local fence = tonumber(ARGV[2])
local fields = {}
for k = 6, #ARGV do
    fields[#fields + 1] = 'c' .. ARGV[k]
end
-- In parts: Lua takes only some thousand arguments at once.
for first = 1, #fields, 1000 do
    for _, moved in ipairs(redis.call('HMGET', KEYS[1], unpack(fields, first, math.min(first + 999, #fields)))) do
        if moved and tonumber(moved) > fence then
            return done(2)
        end
    end
end
local there = redis.pcall('GETRANGE', KEYS[3], 0, 33)
if type(there) == 'string' and #there == 34 and string.sub(there, 1, 18) == string.sub(ARGV[5], 1, 18) then
    local theirs, ticket = struct.unpack('<I8I8', there, 19)
    local ours, own = struct.unpack('<I8I8', ARGV[5], 19)
    if theirs > ours or (theirs == ours and ticket >= own) then
        return done(3)
    end
end
local stored = redis.pcall('SET', KEYS[3], ARGV[5], 'PX', ARGV[4])
if type(stored) == 'table' and stored.err then
    done(0)
    return redis.error_reply(stored.err)
end
return done(0)
