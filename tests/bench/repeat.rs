//! Repeats one hot path a given number of times. `scripts/instructions` runs it under callgrind to count instructions.

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
