#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| matou_fuzzed::check("suite_files", bytes));
