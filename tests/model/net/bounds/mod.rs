pub(in crate::net) mod limits;
