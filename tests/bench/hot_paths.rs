//! Measures how long each hot path takes: `cargo bench --profile dist --bench hot_paths`.

mod paths;

use divan::Bencher;
use paths::{HOT_PATHS, HotPath};

fn main() {
    divan::main();
}

#[divan::bench(args = HOT_PATHS.iter().map(|path| path.name))]
fn hot_path(bencher: Bencher<'_, '_>, name: &str) {
    let found: Option<&HotPath> = HOT_PATHS.iter().find(|path| path.name == name);
    if let Some(path) = found {
        bencher.bench_local((path.prepare)());
    }
}
