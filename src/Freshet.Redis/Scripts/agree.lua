-- R9: joins the nodes that are alive, if they are those with whom the caller has found that it agrees; in one step, so that no two nodes
-- that disagree join at once. C6: only a server that leads can answer.
-- KEYS: the agreement: a hash from the terms of nodes to since when and until when such nodes are alive, in ms of the server's time.
-- ARGV: the caller's terms; for how long it is alive from now on, in ms; the terms of the others that it agrees with, sorted, one on each
-- line; the database of the agreement, empty where there is only one.
-- Replies: 1 when it has joined, else 0; the terms of the others, as above; for how long such nodes have been alive, in ms.
local server = redis.call('INFO', 'replication')
if not string.find(server, 'role:master', 1, true) then
    return redis.error_reply('READONLY The server does not lead.')
end
if ARGV[4] ~= '' then
    redis.call('SELECT', ARGV[4])
end
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
local all = redis.pcall('HGETALL', KEYS[1])
if all.err then
    if not string.find(all.err, 'WRONGTYPE', 1, true) then
        return all
    end
    redis.call('DEL', KEYS[1])
    all = {}
end
local others, ended, since = {}, {}, nil
for k = 1, #all, 2 do
    local from, to = string.match(all[k + 1], '^(%d+) (%d+)$')
    local isAlive = to and tonumber(to) >= now
    if all[k] == ARGV[1] then
        since = isAlive and tonumber(from) or now
    elseif isAlive then
        others[#others + 1] = all[k]
    else
        ended[#ended + 1] = all[k]
    end
end
table.sort(others)
others = table.concat(others, '\n')
if others ~= ARGV[3] then
    return { 0, others, 0 }
end
local stored = redis.pcall('HSET', KEYS[1], ARGV[1], string.format('%.0f %.0f', since or now, now + ARGV[2]))
if type(stored) == 'table' and stored.err then
    -- Without memory nobody else can join either, so the caller that has joined before stays.
    if not since or not string.find(stored.err, 'OOM', 1, true) then
        return stored
    end
    return { 1, others, now - since }
end
-- The key goes by itself once all nodes are gone; a node that lives longer than the caller has set a longer time.
if redis.call('PTTL', KEYS[1]) < 2 * ARGV[2] then
    redis.call('PEXPIRE', KEYS[1], 2 * ARGV[2])
end
for first = 1, #ended, 1000 do
    redis.call('HDEL', KEYS[1], unpack(ended, first, math.min(first + 999, #ended)))
end
return { 1, others, now - (since or now) }
