-- Calls, tables, strings, closures and coroutines, over and over: arg[1] rounds.
local function fibonacci(n) return n < 2 and n or fibonacci(n - 1) + fibonacci(n - 2) end

local function sorted(count)
  local numbers = {}
  for i = 1, count do numbers[i] = (i * 7919) % 10007 end
  table.sort(numbers)
  return numbers[count // 2]
end

local function words(count)
  local seen, text = {}, {}
  for i = 1, count do text[#text + 1] = "word" .. (i % 97) end
  for word in table.concat(text, " "):gmatch("%a+%d+") do seen[word] = (seen[word] or 0) + 1 end
  return seen.word5
end

local function objects(count)
  local class = {}
  class.__index = class
  function class:add(n) self.sum = self.sum + n end
  local object = setmetatable({ sum = 0 }, class)
  for i = 1, count do object:add(i * 0.5) end
  return object.sum
end

local function coroutines(count)
  local sum = 0
  local numbers = coroutine.wrap(function() for i = 1, count do coroutine.yield(i) end end)
  for _ = 1, count do sum = sum + numbers() end
  return sum
end

local sum = 0
for _ = 1, tonumber(arg[1]) do
  sum = sum + fibonacci(18) + sorted(2000) + words(1500) + objects(10000) + coroutines(2000)
end
print(sum)
