-- Counts a request in all windows of a client, or in none if a window has no room for its cost.
--
-- KEYS[1]  The key of the client. Its value is the start (seconds since the epoch, by the clock of
--          Redis) and the count of each window.
-- ARGV     nonce, cost, share, max, returned, leased_at. Then for each window its length in seconds
--          and its limit. Months and years have no fixed length: instead of it, they have the starts
--          of the windows around now.
--
-- Takes the cost, and a lease of `share` percent of the remaining quota, at most `max`. `returned` is
-- the unused rest of the lease taken at `leased_at`: it returns to the windows that have not ended
-- since. Returns the nonce, the amount taken (0 if a window had no room), the time in milliseconds,
-- and the counts.
local time = redis.call('TIME')
local now = tonumber(time[1])
local cost, share, max = tonumber(ARGV[2]), tonumber(ARGV[3]), tonumber(ARGV[4])
local returned, leased_at = tonumber(ARGV[5]), tonumber(ARGV[6])
local old = {}
for number in string.gmatch(redis.call('GET', KEYS[1]) or '', '%d+') do
  old[#old + 1] = tonumber(number)
end
local new, reply = {}, {ARGV[1], 0, now * 1000 + math.floor(tonumber(time[2]) / 1000)}
local remaining, expires, write = nil, now, returned > 0
for i = 7, #ARGV, 2 do
  local length, limit, start, finish = tonumber(ARGV[i]), tonumber(ARGV[i + 1]), nil, nil
  if length then
    start = now - now % length
    finish = start + length
  else
    for moment in string.gmatch(ARGV[i], '%d+') do
      moment = tonumber(moment)
      if moment <= now then start = moment elseif not finish then finish = moment end
    end
  end
  local was, count = old[#new + 1] or 0, old[#new + 2] or 0
  if was < start then count = 0 end
  -- A clock that was set back keeps its counts for the window it returned to.
  write = write or was > start
  if start <= leased_at then count = math.max(count - returned, 0) end
  new[#new + 1], new[#new + 2] = start, count
  remaining, expires = math.min(remaining or limit, limit - count), math.max(expires, finish)
end
if remaining >= cost then
  reply[2] = cost + math.min(math.floor((remaining - cost) * share / 100), max)
  write = true
end
for i = 2, #new, 2 do
  new[i] = new[i] + reply[2]
  reply[#reply + 1] = new[i]
end
if write then
  redis.call('SET', KEYS[1], table.concat(new, ' '), 'EX', expires - now)
end
return reply
