-- Sends what a gateway meets in a day, in a mix: clients without number, tokens that are cached,
-- new, forged or missing, pages that ask before they send, heads of 8 KB, clients over their limit.

local tokens = {}
local turn = 0
local known = 100

function init(arguments)
  math.randomseed(tonumber(arguments[2]))
  for token in io.lines(arguments[1]) do
    tokens[#tokens + 1] = token
  end
end

local function bearer(token)
  return "Authorization: Bearer " .. token .. "\r\n"
end

local function get(target, lines)
  return "GET " .. target .. " HTTP/1.1\r\nHost: api.novasphere.io\r\n" .. lines
end

local function preflight(origin)
  return "OPTIONS /api/v1/wukongs HTTP/1.1\r\nHost: api.novasphere.io\r\nOrigin: " .. origin
    .. "\r\nAccess-Control-Request-Method: PUT\r\n"
    .. "Access-Control-Request-Headers: authorization,content-type\r\n"
end

local long = "X-Long: " .. string.rep("novasphere ", 740) .. "\r\n"
local page = "Origin: https://app.novasphere.io\r\n"

-- The chance of each in a hundred, and what is sent.
local kinds = {
  { 50, function() return get("/api/v1/wukongs?limit=20", page .. bearer(tokens[math.random(known)])) end },
  { 15, function() return get("/api/v1/wukongs", bearer(tokens[math.random(#tokens)])) end },
  { 5, function() return get("/api/v1/wukongs?token=" .. tokens[math.random(#tokens)], "") end },
  { 5, function() return get("/api/v1/wukongs", bearer(tokens[math.random(#tokens)] .. "x")) end },
  { 5, function() return get("/api/v1/wukongs", page) end },
  { 5, function() return preflight("https://app.novasphere.io") end },
  { 5, function() return preflight("https://foreign.example") end },
  { 5, function()
    return get("/api/v1/wukongs", "Origin: https://foreign.example\r\n" .. bearer(tokens[math.random(known)]))
  end },
  { 3, function() return get("/api/v1/wukongs", long .. bearer(tokens[math.random(known)])) end },
}

local function client()
  if turn % 50 == 0 then
    return "192.0.2.1"
  end
  local r = math.random
  return r(1, 223) .. "." .. r(0, 255) .. "." .. r(0, 255) .. "." .. r(0, 255)
end

function request()
  turn = turn + 1
  local chance = math.random(0, 97)
  for _, kind in ipairs(kinds) do
    chance = chance - kind[1]
    if chance < 0 then
      return kind[2]() .. "X-Forwarded-For: " .. client() .. "\r\n\r\n"
    end
  end
end

-- Answers of 4xx are what some of these are for.
function done(summary)
  local errors = summary.errors
  local failed = errors.connect + errors.read + errors.write + errors.timeout
  print(string.format("novasphere %d %d", summary.requests, failed))
end
