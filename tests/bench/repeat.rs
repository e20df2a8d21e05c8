//! Does one hot path so many times, for counting its instructions: `scripts/instructions` runs it under callgrind.

mod paths;

use paths::HOT_PATHS;

fn main() {
    let mut arguments = std::env::args().skip(1);
    let (Some(name), Some(times)) = (arguments.next(), arguments.next()) else {
        for path in HOT_PATHS {
            println!("{}", path.name);
        }
        return;
    };
    let path = HOT_PATHS.iter().find(|path| path.name == name);
    let mut once = (path
        .expect("one of the names that are listed without arguments")
        .prepare)();
    for _ in 0..times.parse::<u64>().expect("a number") {
        once();
    }
}
