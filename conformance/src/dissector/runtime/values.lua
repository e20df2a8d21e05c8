-- Values: numbers and texts.
--
-- A number of up to 4 bytes is a number of Lua. Lua's numbers cannot hold every number of 8 bytes, so these are objects of
-- Wireshark: Int64 and UInt64. To compare two numbers of any kind, compare their decimal digits.

-- Returns the decimal digits of a number.
local function digits(number)
    if type(number) == "number" then
        return string.format("%d", number)
    end
    return tostring(number)
end

-- Returns whether one number is smaller than another. Both are given as decimal digits.
local function is_less(one, other)
    local negative, other_negative = one:sub(1, 1) == "-", other:sub(1, 1) == "-"
    if negative ~= other_negative then
        return negative
    end
    if #one ~= #other then
        return (#one < #other) ~= negative
    end
    return (one < other) ~= negative and one ~= other
end

-- Returns the number in these bytes, which are as many as the integer has.
local function number_in(range, int)
    local little = int.order == "little"
    if int.width == 8 and int.signed then
        return little and range:le_int64() or range:int64()
    elseif int.width == 8 then
        return little and range:le_uint64() or range:uint64()
    elseif int.signed then
        return little and range:le_int() or range:int()
    end
    return little and range:le_uint() or range:uint()
end

-- Returns the bits of an integer that belong to one field. `shift` bits of the integer are lower than them.
local function part_of(number, bits)
    if type(number) == "number" then
        return math.floor(number / 2 ^ bits.shift) % 2 ^ bits.width
    end
    return number:lshift(64 - bits.shift - bits.width):rshift(64 - bits.width)
end

-- The characters of UTF-8 that have several bytes (RFC 3629), as patterns.
local CHARACTERS = {
    "^[\194-\223][\128-\191]",
    "^\224[\160-\191][\128-\191]",
    "^[\225-\236\238\239][\128-\191][\128-\191]",
    "^\237[\128-\159][\128-\191]",
    "^\240[\144-\191][\128-\191][\128-\191]",
    "^[\241-\243][\128-\191][\128-\191][\128-\191]",
    "^\244[\128-\143][\128-\191][\128-\191]",
}

-- Returns the offset of the last byte of the character that begins at this offset, or nil if no character begins there.
local function end_of_character(text, at)
    for _, pattern in ipairs(CHARACTERS) do
        local _, last = text:find(pattern, at)
        if last then
            return last
        end
    end
    return nil
end

-- Returns the offset of the next byte that is not UTF-8, from this offset on; nil if there is none.
local function next_wrong_byte(text, at)
    at = text:find("[\128-\255]", at)
    while at do
        local last = end_of_character(text, at)
        if not last then
            return at
        end
        at = text:find("[\128-\255]", last + 1)
    end
    return nil
end

-- Returns the text with the replacement character of Unicode instead of each byte that is not UTF-8.
local function repaired(text)
    local wrong = next_wrong_byte(text, 1)
    while wrong do
        text = text:sub(1, wrong - 1) .. "\239\191\189" .. text:sub(wrong + 1)
        wrong = next_wrong_byte(text, wrong + 3)
    end
    return text
end

-- Returns the number of characters of a text. Only the first byte of a character is outside the range 128 to 191.
local function characters(text)
    local _, count = text:gsub("[^\128-\191]", "")
    return count
end

-- Returns the first characters of a text, at most this number of bytes.
local function beginning(text, most)
    if #text <= most then
        return text
    end
    while most > 0 and text:byte(most + 1) >= 128 and text:byte(most + 1) < 192 do
        most = most - 1
    end
    return text:sub(1, most) .. "..."
end

-- Returns bytes in hexadecimal, such as `0d 0a`.
local function in_hex(bytes)
    local shown = bytes:gsub(".", function(byte)
        return string.format("%02x ", byte:byte())
    end)
    return shown:sub(1, -2)
end
