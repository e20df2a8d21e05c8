//! The mistakes in the text of a file, and in its tree.

use super::mistakes;

mistakes! {
    // Files.
    file_too_long(bytes, most) = "the file has {bytes} bytes, more than {most}",
        "split it; scenarios may be spread over any number of files";
    unreadable() = "the parser cannot read this file", "{STEP}";
    misplaced() = "this does not belong here", "{STEP}";
    unread(said) = "this cannot be read: {said}", "{STEP}";

    // Characters, texts and comments.
    invisible(code, escape) = "there is an invisible character, U+{code}, here",
        "remove it; in a text, write it as \\u{{{escape}}}";
    text_after_quotes() = "text after `\"\"\"` must begin on the next line",
        "for text on one line, one `\"` on each side is enough";
    text_not_closed() = "this text has no closing quote on its line",
        "write a `\"` after it; a line break inside a text is written as \\n";
    not_a_character() = "this is not the number of a character", "write it in hexadecimal: \\u{{e9}}";
    unknown_escape(escape) = "`{escape}` has no meaning in a text",
        "a line break is \\n, a quotation mark \\\", a backslash \\\\; write bytes as (hex)\"00 ff\"";
    not_yes(word) = "{word} is not a value of `others`", "write others=yes, or remove it";
    no_such_value(word) = "{word} is not a value",
        "fields take numbers, text in quotes, or references such as @alice and $id";
    hash_comment() = "`#` does not begin a comment", "comments begin with `//`";
    single_slash() = "there is a single `/`", "comments begin with `//`; write text in quotes";
    switched_off_twice() = "`/-` is inside a part that another `/-` already switches off",
        "use `//` before each line, or remove the inner `/-`";
    comment_not_closed() = "this comment is never closed", "write a `*/` after it, or use `//`";
    comments_too_deep(most) = "comments are nested more than {most} deep", "use `//`";

    // Braces, brackets, parentheses and `=`.
    brace_not_closed() = "this brace is never closed", "write a `}}` after its last line";
    brace_not_opened() = "this brace has no matching `{{`", "remove it, or add the missing `{{`";
    braces_too_deep(most) = "braces are nested more than {most} deep",
        "scenarios need about six levels; look for a missing `}}` further up";
    brackets() = "brackets have no meaning here", "write blocks in `{{ }}`, text in quotes, and the values of a list in braces after the packet: {{ items 1 2 }}";
    not_a_mark() = "a mark is one word in parentheses", "write: (hex)\"00 ff\", (x3)\"a\" or (INT)5";
    parenthesis_not_opened() = "this parenthesis has no matching `(`",
        "a mark is one word in parentheses: (hex)\"00 ff\"";
    no_value() = "a value is missing after `=`", "fields are name=value, such as login=@alice";
    spaces_around_equals() = "there are spaces around `=`",
        "write it without spaces; fields are name=value, such as login=@alice";

    // Bare words.
    comma() = "a comma would become part of the value",
        "separate fields with a space: login=@alice msg=\"hi\"";
    braces_after_dollar() = "`${{` would open a block", "write the value without braces: $id";
    comparison(arrow) = "`{arrow}=` would become a field",
        "this language has no comparisons; fields are name=value";
    compared(word) = "`{word}` compares, and this language has no comparisons",
        "write one exact number: name=number; for several numbers in wire.kdl, write a `when` for each of them";
    no_space_after(arrow) = "`{arrow}` needs a space after it", "write: alice < bytes (hex)\"00\"";
    not_an_arrow(word) = "`{word}` is not an arrow",
        "write `>` before what the lane does, and `<` before what it must receive";
    arrow_in_a_word(word, apart) = "`{word}` is read as one name",
        "write spaces around the arrow: {apart}";
    single_quotes() = "single quotes do not make text", "write text in double quotes: \"hi\"";
    reserved(word) = "`{word}` is a reserved word of KDL", "if it is text, write it in quotes: \"{word}\"";
    fraction(word, example) = "`{word}` is a fraction",
        "numbers in packets are whole; write a duration in quotes: \"{example}\"";
    leading_zeros(word) = "`{word}` would lose its leading zeros",
        "write bytes as (hex)\"{word}\"; write a number without leading zeros";
    bare_duration(word) = "`{word}` is neither a number nor a word", "write a duration in quotes: \"{word}\"";
    bare_bytes(word) = "`{word}` is neither a number nor a word", "write bytes as (hex)\"{word}\"";
    bare_text(word) = "`{word}` is neither a number nor a word", "if it is text, write it in quotes: \"{word}\"";
    glued_to_text(word) = "`{word}` runs into the text after it",
        "write a space between them, or a mark in parentheses: ({word})\"...\"";

    // The tree.
    mark_before_a_step(mark) = "({mark}) is before a step",
        "write marks in parentheses before values: msg=(x3)\"a\"";
    given_twice(key) = "{key} is given twice",
        "keep one of them; otherwise the first one would be ignored without a warning";
    second(what, name) = "there is a second {what} {name}",
        "give one of them another name, or remove it";
}

/// What a step looks like.
const STEP: &str = "a step is: a lane, an arrow, a packet, then name=value fields, all separated by spaces; a block ends its step";
