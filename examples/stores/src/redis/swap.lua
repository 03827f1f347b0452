-- KEYS[1]: a record. ARGV: the version it must have ('' for none), the next
-- value, and, for what is forgotten: when it expires, and the margin.
local kept = redis.call('GET', KEYS[1])
local version = ''
if kept then
    version = string.match(kept, '^%d+')
end
if version ~= ARGV[1] then
    return 0
end
if ARGV[3] then
    local now = tonumber(redis.call('TIME')[1])
    local ends = math.max(tonumber(ARGV[3]), now) + tonumber(ARGV[4])
    redis.call('SET', KEYS[1], ARGV[2], 'EXAT', ends)
else
    redis.call('SET', KEYS[1], ARGV[2])
end
return 1
