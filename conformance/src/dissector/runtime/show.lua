-- Showing: draws the fields of a frame in Wireshark's tree, and writes the column Info.

-- The longest value in the column Info, in bytes.
local LONGEST_VALUE = 60

-- Returns a text as Wireshark can show it. Wireshark ends a text at the first zero byte, so this function replaces zero bytes
-- by the picture of such a byte.
local function readable(text)
    return (repaired(text):gsub("\000", "\226\144\128"))
end

-- Returns the IP address in these bytes, as a text.
local function address_of(found, tvb, first)
    local range = tvb(first + found.content_at, found.content_length)
    return tostring(found.content_length == 4 and range:ipv4() or range:ipv6())
end

-- Returns a value as the column Info shows it.
local function in_words(found, tvb, first)
    if found.parts then
        local words = {}
        for _, part in ipairs(found.parts) do
            table.insert(words, in_words(part, tvb, first))
        end
        return beginning("[" .. table.concat(words, " ") .. "]", LONGEST_VALUE)
    elseif found.kind == "text" then
        return '"' .. beginning(readable(found.content), LONGEST_VALUE) .. '"'
    elseif found.kind == "uuid" then
        local hex = in_hex(tvb(first + found.content_at, 16):raw()):gsub(" ", "")
        return (hex:gsub("^(........)(....)(....)(....)", "%1-%2-%3-%4-"))
    elseif found.is_address then
        return address_of(found, tvb, first)
    elseif found.kind == "bytes" and found.content_length > 8 then
        return found.content_length .. " bytes"
    elseif found.kind == "bytes" then
        return in_hex(found.content)
    end
    return digits(found.value)
end

-- Returns the packet's name and its values, such as `LOGIN login="alice"`, and what is wrong with them.
local function summary(frame, tvb, first)
    local words = { frame.packet.name }
    for index, field in ipairs(frame.packet.fields) do
        local found = frame.values[index]
        if found then
            table.insert(words, field.name .. "=" .. in_words(found, tvb, first))
        end
    end
    if frame.notes[1] then
        table.insert(words, "[" .. frame.notes[1].why .. "]")
    end
    return table.concat(words, " ")
end

-- Adds a field, and before it its length or its number of values, if it has one.
local function show_field(tree, found, tvb, first)
    local prefix = found.opens - found.at
    if prefix > 0 then
        local counted = found.parts and "count" or "length"
        local number = found.claimed or found.content_length
        tree:add(shown[found.name .. " " .. counted], tvb(first + found.at, prefix), Int64.new(number))
    end
    local range = tvb(first + found.opens, found.at + found.length - found.opens)
    if found.parts then
        local list = tree:add(range, ("%s: %d values"):format(found.name, #found.parts))
        for _, part in ipairs(found.parts) do
            show_field(list, part, tvb, first)
        end
        return
    end
    local item
    local field = shown[found.name .. " " .. found.kind]
    if found.kind == "text" then
        item = tree:add(field, range, readable(found.content))
    elseif found.kind == "number" then
        item = tree:add(field, range, Int64.new(found.value))
    elseif found.kind == "big" then
        item = tree:add(field, range, UInt64.new(found.value))
    elseif found.content_length then
        item = tree:add(field, tvb(first + found.content_at, found.content_length))
    else
        item = tree:add(field, range)
    end
    if found.is_address then
        item:append_text(" (" .. address_of(found, tvb, first) .. ")")
    elseif found.remark then
        item:append_text(" (" .. found.remark .. ")")
    end
end

-- Adds text to the column Info, after the text of the frames before it in the same packet.
local function tell(pinfo, text)
    pinfo.cols.protocol = protocol.title
    if pinfo.private[chat.name .. ".told"] then
        text = "; " .. text
    end
    pinfo.private[chat.name .. ".told"] = "yes"
    pinfo.cols.info:set(text)
    -- What comes later is added after this text, and does not replace it.
    pinfo.cols.info:fence()
end

-- Adds what is wrong: a field, so that a filter can find it, and an entry in Wireshark's list of expert information.
local function warn(item, kind, why)
    local mistake = item:add(shown["mistake"], why):set_generated()
    mistake:add_proto_expert_info(experts[kind], why)
end

local function show_frame(tree, frame, tvb, first, pinfo)
    local item = tree:add(chat, tvb(first, frame.length), protocol.title .. ", " .. frame.packet.name)
    item:add(shown["packet"], tvb(first, frame.length), frame.packet.name):set_generated()
    for _, found in ipairs(frame.fields) do
        show_field(item, found, tvb, first)
    end
    for _, wrong in ipairs(frame.notes) do
        warn(item, wrong.kind, wrong.why)
    end
    tell(pinfo, summary(frame, tvb, first))
end

-- The words for bytes that are not decoded.
local KINDS_OF_BYTES = {
    raw = { field = "tunnel", words = "a tunnel" },
    lost = { field = "undecoded", words = "undecoded" },
    broken = { field = "undecoded", words = "not a frame" },
    incomplete = { field = "undecoded", words = "an incomplete frame" },
    skipped = { field = "undecoded", words = "the rest of an incomplete frame" },
}

-- Shows bytes that are not a frame; `why` says what is wrong with them, if anything is.
local function show_bytes(tree, kind, tvb, first, length, pinfo, why)
    local words = KINDS_OF_BYTES[kind]
    local text = ("%s, %d byte%s"):format(words.words, length, length == 1 and "" or "s")
    local item = tree:add(chat, tvb(first, length), protocol.title .. ", " .. text)
    item:add(shown[words.field], tvb(first, length))
    if why then
        warn(item, why.kind, why.why)
        text = text .. ": " .. why.why
    end
    tell(pinfo, text)
end
