//! Tells cargo to compile this crate again if a file of the built-in protocols is added or changed.

fn main() {
    println!("cargo:rerun-if-changed=../protocols");
}
