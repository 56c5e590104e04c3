//! ARNs of topics and subscriptions, and what AWS says of malformed ones.

use super::errors;
use kernel::{ApiError, Caller};

/// Fails unless the text has the parts of an ARN of SNS in the caller's region.
pub(super) fn check(caller: &Caller, member: &str, text: &str) -> Result<(), ApiError> {
    let parts: Vec<&str> = text.split(':').collect();
    if parts.len() < 6 {
        let why = format!("An ARN must have at least 6 elements, not {}", parts.len());
        return Err(errors::invalid_because(member, why));
    }
    if parts[0] != "arn" || parts[2] != "sns" {
        return Err(errors::invalid(member));
    }
    if parts[3] != caller.region {
        return Err(errors::invalid(member));
    }
    Ok(())
}
