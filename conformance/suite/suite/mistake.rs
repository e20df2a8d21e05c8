//! The mistakes that can be found only in a whole suite, or in its folder.

use crate::source::mistakes;

mistakes! {
    // Files.
    unknown_protocol(known) = "there is no protocol and no folder with this name",
        "name a protocol that comes with the program, or a folder; {known}";
    unreadable_file(error, help) = "cannot read the file: {error}", "{help}";
    unreadable_folder(error) = "cannot read the folder: {error}",
        "write scenarios in files scenarios/*.kdl";

    unread_file() = "this file is not read", "give it a name that ends with .kdl in lower case";
    unread_folder() = "the scenarios in this folder are not read",
        "move its files to the folder above it; only files directly in the folder of scenarios are read";

    // The whole suite.
    no_scenarios() = "the suite has no scenarios", "write them into files scenarios/*.kdl";
    no_such_requirement(id) = "spec.md has no requirement {id}", "";
    unchecked(id) = "no scenario checks {id}",
        "cite it in a scenario that judges it, or write in its remarks why no scenario can judge it";
    not_probed(reading) = "no probe finds out which choice of {reading} a target follows",
        "write a scenario: probe {reading} {{ ... }}";
    no_such_scenario(id) = "there is no scenario {id}", "";
    proves_itself(id) = "{id} proves a fragment, but itself depends on that fragment",
        "in this scenario, write the steps of the fragment themselves, and `use` no fragment that another scenario proves";

    // Inheritance.
    no_such_base(name, known) = "there is no protocol {name} to extend",
        "a protocol can extend one of those that come with the program: {known}";
    inherits_nothing(word) = "this protocol inherits nothing that `{word}` could change",
        "`{word}` changes an inherited protocol; write in wire.kdl: protocol NAME extends=chaton {{ ... }}";
    removes_nothing() = "`remove` names no scenario",
        "name the scenarios that the protocol does not inherit: remove \"whisper-to-oneself\"";
    removed_already(base, id) = "{base} has no scenario {id}", "it is removed or replaced already";
    not_inherited(base, id) = "{base} has no scenario {id}",
        "name an inherited scenario, or remove this line";
    not_replaced(base, kind, name) = "{base} already has a {kind} {name}",
        "to replace it, write `replaces` in the head of this one; or give this one another name";
    replaces_with_value() = "`replaces` takes no value",
        "write only `replaces`: this replaces the inherited scenario, probe or fragment of the same name";
    replaces_nothing(base, kind, name) = "{base} has no {kind} {name} to replace",
        "remove `replaces`: nothing inherited has this name";
}
