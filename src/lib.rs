//! matou
