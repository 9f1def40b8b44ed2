-- C6: only a server that leads and accepts writes can answer this: deleting what is not there is a write, and needs no memory.
-- C13: says which incarnation of its data the server has.
redis.call('DEL', KEYS[1])
return string.match(redis.call('INFO', 'replication'), 'master_replid:(%x+)')
