pub(in crate::net) mod workers;
