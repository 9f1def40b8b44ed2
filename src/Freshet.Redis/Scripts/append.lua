-- C9: appends one record and moves its clocks in one step, and says where it stands.
-- C13: a log that is missing, is none, or is of another incarnation begins a new epoch, named by the caller; a record that cannot be
-- stored takes the log with it, so that nothing that depends on it is valid any more (C12).
-- C7: a log keeps its last 1,024 records, and of these no more than 1 MiB; the newest always stays.
-- KEYS: the log. ARGV: name for a new epoch, PUBLISH or SPUBLISH, channel, record, for how long the log is kept from now on, in ms, then
-- the ids of the clocks.
local most, mostBytes = 1024, 1048576
local log = KEYS[1]
local server = redis.call('INFO', 'replication')
-- A replica that takes writes of its own has its primary's incarnation.
if not string.find(server, 'role:master', 1, true) then
    return redis.error_reply('READONLY The server does not lead.')
end
local incarnation = string.match(server, 'master_replid:(%x+)')
local head = redis.pcall('HMGET', log, 'e', 'o', 'i', 't', 'b')
if head.err and not string.find(head.err, 'WRONGTYPE', 1, true) then
    return head
end
local epoch, offset = head[1], head[2]
local fields = {}
local isLog = epoch and #epoch == 32 and not string.find(epoch, '%X')
    and offset and string.find(offset, '^%d+$') and head[3] == incarnation
if not isLog then
    epoch, offset, head = ARGV[1], 0, {}
    fields = { 'e', epoch, 'i', incarnation, 'n', '0' }
end
offset = tonumber(offset) + 1
local text = string.format('%.0f', offset)
-- A server that takes no writes now (NOREPLICAS, MISCONF) would keep the log as it is, and the next record would get this one's place:
-- who was told of this one would take that one for known. So something is written first that changes nothing. It must be what may
-- need memory: whether there is any is asked of a script's first write only.
if isLog then
    local written = redis.pcall('HSET', log, 'e', epoch)
    if type(written) == 'table' and written.err then
        redis.call('DEL', log)
        return written
    end
    -- Nor may a record be told of whose log cannot be kept.
    local kept = redis.pcall('PEXPIRE', log, ARGV[5])
    if type(kept) == 'table' and kept.err then
        return kept
    end
end
-- Before the record is written: who may not publish leaves none that nobody was told of. What is told and cannot be stored only
-- invalidates too much, for the log goes with it.
local told = redis.pcall(ARGV[2], ARGV[3], epoch .. text .. ' ' .. ARGV[4])
if type(told) == 'table' and told.err then
    return told
end
if not isLog then
    redis.call('DEL', log)
end
local record = text .. ' ' .. ARGV[4]
local trimmed, bytes = tonumber(head[4] or ''), tonumber(head[5] or '')
-- A log that has no account of its bytes gets one.
if not trimmed or not bytes then
    trimmed, bytes = math.max(0, offset - 1 - most), 0
    for there = trimmed + 1, offset - 1 do
        bytes = bytes + #(redis.call('HGET', log, 'r' .. string.format('%.0f', there % most)) or '')
    end
end
bytes = bytes + #record
local gone = {}
while trimmed < offset - 1 and (offset - trimmed > most or bytes > mostBytes) do
    trimmed = trimmed + 1
    local place = 'r' .. string.format('%.0f', trimmed % most)
    bytes = math.max(0, bytes - #(redis.call('HGET', log, place) or ''))
    gone[#gone + 1] = place
end
if #gone > 0 then
    redis.call('HDEL', log, unpack(gone))
end
fields[#fields + 1] = 'o'
fields[#fields + 1] = text
fields[#fields + 1] = 't'
fields[#fields + 1] = string.format('%.0f', trimmed)
fields[#fields + 1] = 'b'
fields[#fields + 1] = string.format('%.0f', bytes)
fields[#fields + 1] = 'r' .. string.format('%.0f', offset % most)
fields[#fields + 1] = record
for k = 6, #ARGV do
    fields[#fields + 1] = 'c' .. ARGV[k]
    fields[#fields + 1] = text
end
-- In parts: Lua takes only some thousand arguments at once.
for first = 1, #fields, 1000 do
    local stored = redis.pcall('HSET', log, unpack(fields, first, math.min(first + 999, #fields)))
    if type(stored) == 'table' and stored.err then
        redis.call('DEL', log)
        return stored
    end
end
if not isLog then
    local kept = redis.pcall('PEXPIRE', log, ARGV[5])
    if type(kept) == 'table' and kept.err then
        redis.call('DEL', log)
        return kept
    end
end
return { epoch, text }
