//! Tells cargo to notice new files among the protocols, which are compiled in.

fn main() {
    println!("cargo:rerun-if-changed=../protocols");
}
