//! The mistakes in wire.kdl: what is wrong, and what to write instead.

use crate::source::mistakes;

mistakes! {
    // The file.
    no_protocol() = "this file has no protocol", "write: protocol NAME {{ ... }}";
    outside(word) = "`{word}` is outside the protocol",
        "put it inside the braces of the protocol; one file describes one protocol";
    not_a_protocol(word) = "`{word}` is not a protocol", "write: protocol NAME {{ ... }}";
    not_a_word(word, of) = "`{word}` is not a word of {of}", "";
    not_a_title() = "a title is text", "write it in quotes: title \"Chaton\"";
    no_opcode() = "the width of the opcode is missing", "write: opcode int8";
    no_packets() = "the protocol has no packets",
        "write: packet LOGIN 0 from=client {{ field login STRING }}";
    no_fence() = "the protocol has no fence",
        "without a fence no scenario can prove silence; write: fence {{ from > ...; to < ... }}";
    no_fence_identified() = "no fence is for lanes that are identified",
        "`fence unidentified` proves silence only on the other lanes; write also: fence {{ from > ...; to < ... }}";
    not_a_choice_of(word, written) = "`{word}` is not {written}", "";
    not_a_setting_name(name) = "{name} cannot be the name of a setting",
        "write: setting ping-within \"6s\"";
    not_a_duration(written) = "{written} is not a duration",
        "write a number and its unit, ms, s or min, in quotes: \"6s\"";
    second(what, help) = "there is a second {what}", "{help}";

    // Inheritance.
    inherits_nothing(word, name) = "this protocol inherits nothing that `{word}` could change",
        "`{word}` changes an inherited protocol; write: protocol {name} extends=chaton {{ ... }}";
    not_inherited(base, word, name) = "{base} has no {word} {name}", "";
    not_removable(kind) = "`{kind}` cannot be removed", "";
    depends_on_a_reading(base, name, reading) = "in {base}, {name} depends on the reading {reading}",
        "fix one choice with: settle {reading} \"...\"; or replace the reading";
    no_such_choice(reading, choice) = "reading {reading} has no choice {choice}", "";

    // Types.
    not_an_integer(written) = "{written} is not an integer", "";
    not_a_type_name(name, example) = "{name} cannot be the name of a type", "write: {example}";
    not_a_layout(written) = "{written} is not a kind of type", "";
    integer_with_length(written, example) = "{written} cannot have a length", "write: {example}";
    no_length(layout, name) = "{layout} needs a length",
        "name the integer type of its length: type {name} {layout} len=INT";
    wrong_size(layout) = "{layout} cannot have this size",
        "bytes need a `len` or a fixed `size`; text needs a `len`";
    not_a_size(value, most) = "{value} is not a number of bytes",
        "write a number from 1 to {most}: size=16";
    second_case(tag) = "there is a second case {tag}", "keep only one of them";
    not_a_case(example) = "a case needs a number and a type whose values are bytes", "write: {example}";
    no_cases(example) = "this type has no cases", "write: {example}";
    wrong_type(written, what) = "this file defines no type {written} whose values are {what}", "";

    // Readings.
    no_text(word) = "`{word}` lacks its text", "write it in quotes: {word} \"...\"";
    not_a_verdict(value) = "{value} is not a verdict", "";
    too_few_choices(reading) = "reading {reading} has fewer than two choices",
        "write at least two choices: choice \"8\" {{ ... }}; choice \"4\" {{ ... }}";
    no_title(reading) = "reading {reading} has no title",
        "write the open question: title \"how many bytes a LONG takes\"";
    other_types(choice, first) = "choice {choice} does not define the same types as choice {first}",
        "define a type that depends on a reading in each of its choices";

    // Packets and their fields.
    no_such_packet(name) = "there is no packet {name}", "";
    not_a_packet_name(name) = "{name} cannot be the name of a packet",
        "write packets in CAPITALS, so that they differ from words: packet LOGIN 0 from=client";
    not_an_opcode(written, example) = "{written} is not an opcode", "write a number: {example}";
    opcode_too_wide(number, width, min, max)
        = "{number} does not fit into the opcode, which is {width}", "it ranges from {min} to {max}";
    same_opcode(packet, opcode, other) = "{packet} has the opcode {opcode} of {other}",
        "packets of one side must have different opcodes";
    no_sender() = "the sender of this packet is missing",
        "write its sender: from=client, from=server or from=both";
    not_a_side(written) = "{written} is not a side", "";
    not_a_field(word) = "`{word}` is not a word of a packet",
        "write: field login STRING max-bytes=30";
    not_a_field_name(name, example) = "{name} cannot be the name of a field", "write: {example}";
    no_such_type(name) = "there is no type {name}", "";
    undecided(type_name) = "no field decides which case of {type_name} this is",
        "name an earlier field that decides it: field address ADDRESS by=version";
    nothing_to_decide(type_name) = "{type_name} has no cases for a field to decide between",
        "remove `by`, or use a type with `one-of`";
    no_deciding_field(name) = "no earlier field of this packet is a number called {name}", "";
    limit_of_others(key, of) = "{key} is a limit of {of}",
        "text and bytes have max-bytes, numbers have min";
    not_a_limit(value, key) = "{value} is not a limit", "write a number: {key}=30";
    not_ambient(packet, field) = "{packet} has no text field {field}",
        "ambient names the text field that contains the sender: ambient=login";
    unanswerable(packet, field, asked) = "{packet} has a field {field} that {asked} does not have",
        "the answer can only have fields of the packet that it answers";
    wrong_answer()
        = "`answered-by` needs a packet of the server, and an answer that a client sends",
        "the answer can only have fields of the packet that it answers";
    no_such_field(packet, field) = "{packet} has no field {field}", "";

    // Identification, fences and loads.
    no_packet(word, example) = "`{word}` names no packet", "write: {word} {example}";
    only_after(word) = "this block can contain only `after` and a packet that the lane sends",
        "write: {word} ERROR code=1 {{ after CR }}";
    only_after_or_prover(word) = "this block can contain only `after` and `proved-by`",
        "write: {word} ESTABLISHED {{ proved-by \"tunnel-relays-a-line\" }}";
    no_such_fence(word) = "there is no fence `{word}`",
        "write `fence {{ ... }}` or `fence unidentified {{ ... }}`";
    proves_nothing(example) = "this fence proves nothing",
        "its last step must be what `to` receives: {example}";
    no_prover() = "`proved-by` names no scenario", "write: proved-by \"whisper\"";
    alone_with_the_server() = "`from` cannot be in this fence",
        "in this fence, only the unidentified lane `to` exchanges packets with the server: to > ...; to < ...";
    not_a_lane_of_a_fence(word, example) = "`{word}` is not a lane of a fence", "write: {example}";
    not_a_step(example) = "this step lacks an arrow and a packet", "write: {example}";
    not_an_arrow(written) = "`{written}` is not an arrow",
        "write `>` before what the lane sends, and `<` before what it receives";
    never_sent(side, packet) = "a {side} never sends {packet}",
        "check the arrow, and `from=` of the packet";
    missing_field(name) = "this step lacks {name}", "name every field";
    not_a_value_of_a_fence(value, sort) = "{value} is not {sort}",
        "write @from, @to, $token, `_` (in a received packet), text in quotes, or a number";
    not_a_value_of_a_load(value, sort) = "{value} is not {sort}",
        "write @me, @a or @b, (signed)@me, $text, ?name and then $name, `_` (in a received packet), text in quotes, or a number";
    not_a_part_of_a_load(word) = "`{word}` is not a part of a load", "";
    no_login(example) = "this load has no login", "write: load {{ {example} }}";
    one_sided_message(example) = "a message must be sent by `me` and received by `all`",
        "write: {example}";
    not_one_text(example)
        = "$text must occur once in the packet that is sent, and once in the packet that arrives",
        "write: {example}";
    not_a_lane_of_a_load(word) = "`{word}` cannot be in this exchange", "";
}
