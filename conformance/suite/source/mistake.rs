//! The mistakes in the text of a file, and in its tree.

use super::mistakes;

mistakes! {
    // Files.
    file_too_long(bytes, most) = "the file has {bytes} bytes; the maximum is {most}",
        "divide it into several files; a suite can have any number of scenario files";
    unreadable() = "the parser cannot read this file", "{STEP}";
    misplaced() = "this does not belong here", "{STEP}";
    unread(said) = "this cannot be read: {said}", "{STEP}";

    // Characters, texts and comments.
    invisible(code, escape) = "there is an invisible character, U+{code}, here",
        "remove it; in a text, write it as \\u{{{escape}}}";
    text_after_quotes() = "after `\"\"\"`, the text must begin on the next line",
        "for text on one line, write one `\"` on each side";
    text_not_closed() = "this text has no closing quote on its line",
        "write a `\"` after the text; write a line break inside a text as \\n";
    not_a_character() = "this is not the hexadecimal number of a character", "write for example \\u{{e9}} for é";
    unknown_escape(escape) = "`{escape}` has no meaning in a text",
        "write \\n for a line break, \\\" for a quotation mark, and \\\\ for a backslash; write bytes as (hex)\"00 ff\"";
    not_yes(word) = "{word} is not a value of `others`", "write others=yes, or leave out `others`";
    no_such_value(word) = "{word} is not a value",
        "fields take numbers, text in quotes, or references such as @alice and $id";
    hash_comment() = "`#` does not begin a comment", "comments begin with `//`";
    single_slash() = "a single `/` has no meaning", "comments begin with `//`; write text in quotes";
    switched_off_twice() = "this `/-` is inside a part that another `/-` has already switched off",
        "use `//` before each line, or remove the inner `/-`";
    comment_not_closed() = "this comment is never closed", "write a `*/` after it, or use `//`";
    comments_too_deep(most) = "comments are nested more than {most} levels deep", "use `//`";

    // Braces, brackets, parentheses and `=`.
    brace_not_closed() = "this brace is never closed", "write a `}}` after its last line";
    brace_not_opened() = "this brace has no matching `{{`", "remove it, or add the missing `{{`";
    braces_too_deep(most) = "braces are nested more than {most} levels deep",
        "scenarios need about six levels; look for a missing `}}` further up";
    brackets() = "brackets have no meaning here", "write blocks in `{{ }}`, text in quotes, and the values of a list in braces after the packet: {{ items 1 2 }}";
    not_a_mark() = "a mark is one word in parentheses", "write: (hex)\"00 ff\", (x3)\"a\" or (INT)5";
    parenthesis_not_opened() = "this parenthesis has no matching `(`",
        "a mark is one word in parentheses: (hex)\"00 ff\"";
    no_value() = "a value is missing after `=`", "fields are name=value, such as login=@alice";
    spaces_around_equals() = "there are spaces around `=`",
        "write it without spaces; fields are name=value, such as login=@alice";

    // Bare words.
    comma() = "the comma would become part of the value before it",
        "separate fields with a space: login=@alice msg=\"hi\"";
    braces_after_dollar() = "the brace after `$` would open a block", "write the value without braces: $id";
    comparison(arrow) = "`{arrow}=` would be read as the name of a field",
        "scenarios have no comparisons; write a field as name=value";
    compared(word) = "`{word}` is a comparison, and these files have no comparisons",
        "write one exact number: name=number; to allow several numbers, write several `when` blocks in wire.kdl, one for each number";
    no_space_after(arrow) = "`{arrow}` needs a space after it", "write: alice < bytes (hex)\"00\"";
    not_an_arrow(word) = "`{word}` is not an arrow",
        "write `>` before what the lane does, and `<` before what it must receive";
    arrow_in_a_word(word, apart) = "`{word}` is read as one name",
        "write spaces around the arrow: {apart}";
    single_quotes() = "single quotes do not mark text", "write text in double quotes: \"hi\"";
    reserved(word) = "`{word}` is a reserved word of KDL", "if it is text, write it in quotes: \"{word}\"";
    fraction(word, example) = "`{word}` is a fraction",
        "packets have only whole numbers; write a duration in quotes: \"{example}\"";
    leading_zeros(word) = "`{word}` would lose its leading zeros",
        "for bytes, write (hex)\"{word}\"; for a number, leave out the leading zeros";
    bare_duration(word) = "`{word}` is neither a number nor a word", "write a duration in quotes: \"{word}\"";
    bare_bytes(word) = "`{word}` is neither a number nor a word", "write bytes as (hex)\"{word}\"";
    bare_text(word) = "`{word}` is neither a number nor a word", "if it is text, write it in quotes: \"{word}\"";
    glued_to_text(word) = "there is no space between `{word}` and the text after it",
        "write a space between them; or, if {word} is a mark, write it in parentheses: ({word})\"...\"";

    // The tree.
    mark_before_a_step(mark) = "a step cannot begin with the mark ({mark})",
        "write marks in parentheses before values: msg=(x3)\"a\"";
    given_twice(key) = "{key} is given twice",
        "keep one of the two; otherwise only the last one would count";
    second(what, name) = "there is a second {what} {name}",
        "give one of them another name, or remove it";
}

/// What a step looks like.
const STEP: &str = "a step is: a lane, an arrow, a packet, then name=value fields, all separated by spaces; if a step has a block, the block comes last";
