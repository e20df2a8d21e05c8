/// A source of bits that nobody can foresee. The engine passes the system's, tests pass one that they know.
pub type Entropy = Box<dyn FnMut() -> u64 + Send>;
