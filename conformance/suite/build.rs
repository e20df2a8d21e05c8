//! The protocols are compiled in; a file that is new among them must be noticed.

fn main() {
    println!("cargo:rerun-if-changed=../protocols");
}
