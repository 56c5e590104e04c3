//! The wiring table: all services, and what wakes what. The one place where one can see it.

use kernel::Wiring;

/// Everything that this binary serves.
pub(crate) fn wiring() -> Wiring {
    Wiring { services: vec![ec2::service()], wakes: Vec::new() }
}
