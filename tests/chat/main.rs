//! `matou chat`, driven as a shell or a script would drive it.

mod chatos;
mod hostile;
mod program;
mod talking;
mod tunnelling;
