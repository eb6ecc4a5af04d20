-- The settings of front.lua. README.md describes them.

local _M = {}

-- Returns the variable NAME, or the content of the file that NAME_FILE names.
local function secret(name, faults)
  local path = os.getenv(name .. "_FILE")
  if not path or path == "" then
    return os.getenv(name) or ""
  end
  local file, why = io.open(path)
  if not file then
    faults[#faults + 1] = name .. "_FILE: cannot be read: " .. why
    return ""
  end
  local text = file:read("*a")
  file:close()
  return text
end

local function tokens(faults)
  local list = {}
  for token in secret("NOVASPHERE_REDIS_TOKENS", faults):gmatch("[^%s,]+") do
    list[#list + 1] = token
    if #token < 32 then
      faults[#faults + 1] = "NOVASPHERE_REDIS_TOKENS: token " .. #list .. " has " .. #token
        .. " characters: use at least 32 random characters"
    end
  end
  if #list == 0 then
    faults[#faults + 1] = "NOVASPHERE_REDIS_TOKENS: none: set it, or NOVASPHERE_REDIS_TOKENS_FILE"
  end
  return list
end

-- Reads the settings from the environment. Raises one error that lists every fault.
function _M.read()
  local faults = {}
  local address = os.getenv("NOVASPHERE_REDIS_ADDRESS") or "127.0.0.1:6379"
  local host, port = address:match("^(.+):(%d+)$")
  if address:find("^unix:/.") then
    host, port = address, nil
  elseif not host or tonumber(port) > 65535 then
    faults[#faults + 1] = "NOVASPHERE_REDIS_ADDRESS: neither host:port nor unix:/path"
  end
  local timeout = tonumber(os.getenv("NOVASPHERE_REDIS_TIMEOUT_MS") or "80")
  if not timeout or timeout < 10 or timeout > 5000 then
    faults[#faults + 1] = "NOVASPHERE_REDIS_TIMEOUT_MS: not a number from 10 to 5000"
  end
  local server_name = os.getenv("NOVASPHERE_REDIS_TLS_NAME") or ""
  local settings = {
    host = host,
    port = tonumber(port),
    timeout = timeout,
    server_name = server_name ~= "" and server_name or nil,
    user = os.getenv("NOVASPHERE_REDIS_USER") or "novasphere",
    -- start-redis.sh also drops trailing newlines.
    password = secret("NOVASPHERE_REDIS_PASSWORD", faults):gsub("\n+$", ""),
    tokens = tokens(faults),
  }
  if #faults > 0 then
    error("novasphere redis: configuration refused: " .. table.concat(faults, "; "), 0)
  end
  return settings
end

return _M
