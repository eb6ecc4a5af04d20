-- Redis over HTTP, in the dialect of Upstash's REST API, as far as the filters speak it:
--
--   POST / with Authorization: Bearer TOKEN and a JSON array of strings and numbers,
--   ["EVAL", script, "1", key, argument, ...]
--
--   200 {"result": ...}   what Redis answered
--   400 {"error": "..."}  what Redis has against the command, or this file against the request
--   401, 405, 413, 415    the request is not for here
--   502, 503, 504         Redis broke off or is not set up right, is not there or cannot serve, does
--                         not answer in time
--
-- A connection goes back to the pool only after a whole answer: otherwise the next request would
-- get this one's. Nothing is sent twice: a script that was sent may have run.

local cjson = require("cjson").new()
-- OpenResty brings the client under its own name, Debian (lua-nginx-redis) under nginx's.
local found, client = pcall(require, "resty.redis")
if not found then
  client = require "nginx.redis"
end

-- NaN, Infinity and hexadecimal numbers are no JSON (RFC 8259 section 6).
cjson.decode_invalid_numbers(false)
-- An array of texts needs one level.
cjson.decode_max_depth(4)

local COMMANDS = { EVAL = true, EVALSHA = true, PING = true }
local MAX_ARGUMENTS = 256
-- Beyond this not every integer is a number of Lua's.
local MAX_INTEGER = 2 ^ 53
-- Per worker; who finds them all in use waits, as part of the timeout.
local POOL = { pool_size = 64, backlog = 1024 }
-- Redis closes idle connections after 300 s (redis.conf), so this side is first.
local IDLE_MS = 60000
-- What Redis answers when it cannot serve now, whatever the command.
local UNAVAILABLE = {
  BUSY = true, CLUSTERDOWN = true, LOADING = true, MASTERDOWN = true, MISCONF = true,
  OOM = true, READONLY = true, TRYAGAIN = true, UNBLOCKED = true,
}

local OUTCOMES = {
  "ok", "redis_error", "malformed", "unauthorized", "unavailable", "timeout", "broken", "auth",
  "certificate", "internal",
}

local settings = {}
local _M = {}

-- Reads the settings when nginx starts, which a wrong one prevents.
function _M.configure()
  settings = require("settings").read()
  -- A count that is not there before it is 1 has not grown, for Prometheus.
  for _, outcome in ipairs(OUTCOMES) do
    ngx.shared.novasphere_redis:add(outcome, 0)
  end
end

-- How long it takes tells nothing but the length of the token.
local function same(presented, token)
  local difference = bit.bxor(#presented, #token)
  for i = 1, #token do
    difference = bit.bor(difference, bit.bxor(presented:byte(i) or 0, token:byte(i)))
  end
  return difference == 0
end

local function is_authorized()
  local header = ngx.req.get_headers()["authorization"]
  -- Two lines make a table.
  if type(header) ~= "string" then
    return false
  end
  local scheme, presented = header:match("^(%a+) +(%S+)$")
  if not scheme or scheme:lower() ~= "bearer" then
    return false
  end
  local known = false
  for _, token in ipairs(settings.tokens) do
    known = same(presented, token) or known
  end
  return known
end

-- As the client wrote it: tostring() would make 1e+15 of a time in microseconds.
local function text(number)
  if number % 1 == 0 and math.abs(number) <= MAX_INTEGER then
    return string.format("%.0f", number)
  end
  return string.format("%.17g", number)
end

-- The command of a request's body, or what is wrong with it.
local function command(body)
  if not body or not body:find("^%s*%[") then
    return nil, "the body is no JSON array"
  end
  local decoded, args = pcall(cjson.decode, body)
  if not decoded then
    return nil, "the body is no JSON array"
  end
  if #args == 0 or #args > MAX_ARGUMENTS then
    return nil, "a command has 1 to " .. MAX_ARGUMENTS .. " parts"
  end
  for i, arg in ipairs(args) do
    if type(arg) == "number" then
      args[i] = text(arg)
    elseif type(arg) ~= "string" then
      return nil, "part " .. i .. " of the command is neither text nor number"
    end
  end
  args[1] = args[1]:upper()
  if not COMMANDS[args[1]] then
    return nil, "this command is not allowed: EVAL, EVALSHA and PING are"
  end
  return args
end

-- As JSON; cjson would write an empty array as an object, and large integers inexactly.
local function encode(value)
  if type(value) == "number" then
    return text(value)
  elseif type(value) ~= "table" then
    return cjson.encode(value)
  end
  local parts = {}
  for i, item in ipairs(value) do
    parts[i] = encode(item)
  end
  return "[" .. table.concat(parts, ",") .. "]"
end

local function failure(why)
  if why == "timeout" then
    return 504, "timeout", "Redis does not answer in time"
  end
  return 502, "broken", "Redis broke off"
end

-- What an error of Redis means here.
local function refusal(why)
  local kind = why:match("^%u+")
  -- More than maxclients are told so, whatever they ask.
  if UNAVAILABLE[kind] or why:find("^ERR max number of clients") then
    return 503, "unavailable", why
  elseif kind == "WRONGPASS" or kind == "NOAUTH" then
    return 502, "auth", "Redis does not take the front's password"
  end
  return 400, "redis_error", why
end

-- The client's socket, whose every wait ends when the time for the request does. A timeout of the
-- socket's own begins anew with each piece of an answer.
local Socket = {}
for _, name in ipairs({ "connect", "sslhandshake", "send", "receive" }) do
  Socket[name] = function(self, ...)
    ngx.update_time()
    local left = math.floor((self.deadline - ngx.now()) * 1000)
    if left < 1 then
      return nil, "timeout"
    end
    self.socket:settimeout(left)
    return self.socket[name](self.socket, ...)
  end
end
for _, name in ipairs({ "close", "getreusedtimes", "setkeepalive" }) do
  Socket[name] = function(self, ...)
    return self.socket[name](self.socket, ...)
  end
end
local SOCKET = { __index = Socket }

-- A connection that is ready for commands; or status, outcome and message.
local function connect()
  local redis = client:new()
  local socket = setmetatable(
    { socket = rawget(redis, "_sock"), deadline = ngx.now() + settings.timeout / 1000 }, SOCKET
  )
  redis._sock = socket
  local connected, why
  if settings.port then
    connected, why = redis:connect(settings.host, settings.port, POOL)
  else
    connected, why = redis:connect(settings.host, POOL)
  end
  if not connected then
    if why == "timeout" then
      return nil, failure(why)
    end
    return nil, 503, "unavailable", "Redis is not there"
  end
  if redis:get_reused_times() > 0 then
    return redis
  end
  if settings.server_name then
    -- The client of Debian knows no TLS; its socket does. A certificate that is not right is an error
    -- that it returns, or one that it throws when the handshake was done at once (lua-resty-core's
    -- issue 499). Not false for nil: then it would return true.
    local done, session, reason = pcall(socket.sslhandshake, socket, nil, settings.server_name, true)
    if not done or not session then
      redis:close()
      if not done or reason:find("certificate", 1, true) then
        return nil, 502, "certificate", "Redis' certificate is not right"
      end
      return nil, failure(reason)
    end
  end
  if settings.password ~= "" then
    local welcome, reason = redis:auth(settings.user, settings.password)
    if not welcome then
      redis:close()
      if welcome == false then
        return nil, refusal(reason)
      end
      return nil, failure(reason)
    end
  end
  return redis
end

-- Has Redis run a command: status, outcome and body of the answer.
local function run(args)
  local redis, status, outcome, message = connect()
  if not redis then
    return status, outcome, message
  end
  local result, why = redis[args[1]:lower()](redis, unpack(args, 2))
  if result == nil then
    -- What it still has to say must not reach anyone else.
    redis:close()
    return failure(why)
  end
  redis:set_keepalive(IDLE_MS)
  if result == false then
    return refusal(why)
  end
  return 200, "ok", result
end

local function answer()
  -- Always, so that no part of it is taken for the next request on this connection.
  ngx.req.read_body()
  if ngx.req.get_method() ~= "POST" then
    ngx.header["Allow"] = "POST"
    return 405, "malformed", "POST a command"
  end
  if not is_authorized() then
    ngx.header["WWW-Authenticate"] = "Bearer"
    return 401, "unauthorized", "Unauthorized"
  end
  local content_type = (ngx.var.content_type or "application/json"):lower()
  local is_json = content_type:find("^application/json%s*$") or content_type:find("^application/json%s*;")
  if not is_json or ngx.var.http_content_encoding then
    return 415, "malformed", "the body is to be application/json, without encoding"
  end
  -- Framed as more than the buffer takes, in many small chunks.
  if ngx.req.get_body_file() then
    return 413, "malformed", "a command has at most 64 KiB, with its chunks' sizes"
  end
  local args, why = command(ngx.req.get_body_data())
  if not args then
    return 400, "malformed", why
  end
  return run(args)
end

local function respond(status, outcome, value)
  ngx.shared.novasphere_redis:incr(outcome, 1, 0)
  ngx.var.outcome = outcome
  local body
  if status == 200 then
    body = '{"result":' .. encode(value) .. "}"
  else
    body = '{"error":' .. cjson.encode(value) .. "}"
  end
  ngx.status = status
  ngx.header["Content-Type"] = "application/json"
  ngx.header["Content-Length"] = #body
  ngx.print(body)
end

local function guarded(handler)
  local fine, status, outcome, value = pcall(handler)
  if not fine then
    ngx.log(ngx.CRIT, "novasphere redis: ", status)
    status, outcome, value = 500, "internal", "internal error"
  end
  respond(status, outcome, value)
end

-- Answers a request of the filters.
function _M.serve()
  guarded(answer)
end

-- Whether Redis answers: 200 {"result":"PONG"}.
function _M.health()
  guarded(function()
    return run({ "PING" })
  end)
end

-- How often there was which outcome, for Prometheus.
function _M.metrics()
  local counts = ngx.shared.novasphere_redis
  local lines = { "# TYPE novasphere_redis_front_requests counter" }
  for _, outcome in ipairs(counts:get_keys()) do
    lines[#lines + 1] = string.format(
      'novasphere_redis_front_requests{outcome="%s"} %d', outcome, counts:get(outcome)
    )
  end
  table.sort(lines)
  ngx.header["Content-Type"] = "text/plain; version=0.0.4"
  ngx.say(table.concat(lines, "\n"))
end

return _M
