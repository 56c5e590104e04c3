//! What the `lowcloud` binary is made of, for those who run the whole cloud without its door: the
//! wiring of all services.

mod wiring;

pub use wiring::wiring;
