-- Setup: tells Wireshark the protocol, its fields, and what can be wrong with a frame. Decides its open questions.

-- Creates the protocol. Wireshark refuses a name that it knows already, such as `echo`. Then the name begins with `my_`.
local function new_protocol()
    local is_new, created = pcall(Proto.new, protocol.name, protocol.title)
    if is_new then
        return created
    end
    return Proto.new("my_" .. protocol.name, "My " .. protocol.title)
end

local chat = new_protocol()

-- The name in filters. Wireshark writes the names of protocols in lowercase there.
local filter = chat.name:lower()

-- The function that makes a field of each kind.
local MAKERS = {
    text = ProtoField.string,
    bytes = ProtoField.bytes,
    uuid = ProtoField.guid,
    number = ProtoField.int64,
    big = ProtoField.uint64,
}

-- What this program finds out itself.
local OWN_FIELDS = {
    { key = "packet", filter = "packet", label = "packet", kind = "text" },
    { key = "mistake", filter = "mistake", label = "mistake", kind = "text" },
    { key = "tunnel", filter = "tunnel", label = "bytes of a tunnel", kind = "bytes" },
    { key = "undecoded", filter = "undecoded", label = "bytes that are not decoded", kind = "bytes" },
}

-- Wireshark's fields by their key, which is the name of a field and its kind, such as `login text`.
local shown = {}

local function add_fields()
    local all = {}
    for _, list in ipairs({ OWN_FIELDS, protocol.shown }) do
        for _, field in ipairs(list) do
            local made = MAKERS[field.kind](filter .. "." .. field.filter, field.label)
            shown[field.key] = made
            table.insert(all, made)
        end
    end
    chat.fields = all
end

-- What can be wrong: for each kind of mistake the words, Wireshark's group, and the severity.
local MISTAKES = {
    limit = { "a value is outside its limits", PI_PROTOCOL, PI_ERROR },
    utf8 = { "a text is not UTF-8", PI_PROTOCOL, PI_ERROR },
    opcode = { "this side may not send this opcode", PI_PROTOCOL, PI_ERROR },
    malformed = { "these bytes are not a frame", PI_MALFORMED, PI_ERROR },
    incomplete = { "the frame is not complete", PI_UNDECODED, PI_NOTE },
}

local experts = {}

local function add_experts()
    local all = {}
    for kind, mistake in pairs(MISTAKES) do
        experts[kind] = ProtoExpert.new(filter .. ".expert." .. kind, mistake[1], mistake[2], mistake[3])
        table.insert(all, experts[kind])
    end
    chat.experts = all
end

add_fields()
add_experts()

-- The ports of servers, such as `7777` or `7777,8000-8010`.
local server_ports = protocol.port

-- What the answers to the open questions decide: the types by their names, the type of the opcode, and the packets of each
-- side by their opcodes.
local types, opcode_type, packets_by_opcode

-- Applies one answer to one open question.
local function apply(choice)
    for name, type in pairs(choice.types) do
        types[name] = type
    end
    opcode_type = choice.opcode or opcode_type
    for _, new in ipairs(choice.renumbered) do
        for _, packet in ipairs(protocol.packets) do
            if packet.name == new.packet and packet[new.from] then
                packet[new.from] = new.opcode
            end
        end
    end
end

-- Applies the answers to all open questions. `answers` has the number of the choice for each of them; without a number, the
-- first choice counts.
local function decide(answers)
    types, opcode_type = {}, protocol.opcode
    for name, type in pairs(protocol.types) do
        types[name] = type
    end
    for _, packet in ipairs(protocol.packets) do
        packet.client, packet.server = packet.from.client, packet.from.server
    end
    for index, reading in ipairs(protocol.readings) do
        apply(reading.choices[answers[index] or 1])
    end
    packets_by_opcode = { client = {}, server = {} }
    for _, packet in ipairs(protocol.packets) do
        for _, side in ipairs({ "client", "server" }) do
            local opcode = packet[side]
            if opcode and not packets_by_opcode[side][opcode] then
                packets_by_opcode[side][opcode] = packet
            end
        end
    end
end

decide({})
