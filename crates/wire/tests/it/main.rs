//! The wire, from outside: golden files in both directions, and hostile bytes.

mod golden;
mod hostile;
mod responses;
