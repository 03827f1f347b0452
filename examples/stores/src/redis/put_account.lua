-- KEYS: the accounts by subject, the subjects by username, how many births
-- there ever were. ARGV: a subject, its username, its record.
local accounts, usernames, births = KEYS[1], KEYS[2], KEYS[3]
local subject, username, record = ARGV[1], ARGV[2], ARGV[3]
local holder = redis.call('HGET', usernames, username)
if holder and holder ~= subject then
    return 0
end
local birth
local kept = redis.call('HGET', accounts, subject)
if kept then
    local former
    birth, former = string.match(kept, '^(%d+) (.*)$')
    redis.call('HDEL', usernames, cjson.decode(former).username)
else
    birth = redis.call('INCR', births)
end
redis.call('HSET', usernames, username, subject)
redis.call('HSET', accounts, subject, birth .. ' ' .. record)
return 1
