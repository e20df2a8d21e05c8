-- Registration: says which packets Wireshark gives to this program, and what the preferences do.

-- Whether Wireshark's dissector of TLS is at work. What it decrypts comes to this program.
local is_in_tls = false

-- Returns whether these bytes are a record of TLS, as they travel on the network: the type of the record, and the version.
local function is_tls_record(tvb)
    if tvb:len() < 3 then
        return false
    end
    local kind, version = tvb(0, 1):uint(), tvb(1, 1):uint()
    return kind >= 20 and kind <= 23 and version == 3
end

local function call_tls(tvb, pinfo, tree)
    Dissector.get("tls"):call(tvb, pinfo, tree)
end

-- Wireshark calls this function with the bytes of one segment, or with the bytes of several segments that it has put
-- together.
function chat.dissector(tvb, pinfo, tree)
    if protocol.tls and not is_in_tls then
        local stream = stream_for(pinfo)
        if stream.is_tls == nil then
            stream.is_tls = is_tls_record(tvb)
        end
        if stream.is_tls then
            is_in_tls = true
            local is_done, mistake = pcall(call_tls, tvb, pinfo, tree)
            is_in_tls = false
            if not is_done then
                error(mistake, 0)
            end
            return
        end
    end
    dissect(tvb, pinfo, tree)
end

local tcp_ports = DissectorTable.get("tcp.port")
local tls_ports = DissectorTable.get("tls.port")

-- Calls "add" or "remove" of Wireshark's tables for these ports.
local function change_tables(action, ports)
    if ports ~= "" then
        tcp_ports[action](tcp_ports, ports, chat)
        if protocol.tls then
            tls_ports[action](tls_ports, ports, chat)
        end
    end
end

-- Gives the packets of these ports to this program.
local function listen_on(ports)
    change_tables("add", ports)
    server_ports = ports
end

local function listen_no_more()
    change_tables("remove", server_ports)
end

-- A preference for the ports, and one for each open question whose answer changes how bytes are decoded.
chat.prefs.ports = Pref.range("Ports of the server", protocol.port, "Such as 7777, or 7777,8000-8010", 65535)
for _, reading in ipairs(protocol.readings) do
    if #reading.choices > 1 then
        local choices = {}
        for index, choice in ipairs(reading.choices) do
            table.insert(choices, { index, choice.name, index })
        end
        chat.prefs[reading.preference] = Pref.enum(reading.name, 1, reading.title, choices, false)
    end
end

function chat.prefs_changed()
    local answers = {}
    for index, reading in ipairs(protocol.readings) do
        if reading.preference then
            answers[index] = chat.prefs[reading.preference]
        end
    end
    decide(answers)
    if chat.prefs.ports ~= server_ports then
        listen_no_more()
        listen_on(chat.prefs.ports)
    end
end

-- Also offer the protocol in the menu "Decode As".
tcp_ports:add_for_decode_as(chat)
if protocol.tls then
    tls_ports:add_for_decode_as(chat)
end
listen_on(protocol.port)
