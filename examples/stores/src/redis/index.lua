-- KEYS[1]: the grants of one user, by when each may be forgotten. ARGV: a grant,
-- when it expires, and the margin. The index lasts as long as what is in it.
local now = tonumber(redis.call('TIME')[1])
local ends = math.max(tonumber(ARGV[2]), now) + tonumber(ARGV[3])
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now - 1)
redis.call('ZADD', KEYS[1], 'GT', ends, ARGV[1])
local last = redis.call('ZRANGE', KEYS[1], -1, -1, 'WITHSCORES')
redis.call('EXPIREAT', KEYS[1], last[2])
return 1
