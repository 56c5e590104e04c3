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

/// Where a link leads that somebody visits: requests without a signature name no region, so the
/// ARN in the link says where. None for ordinary calls.
pub(super) fn place_of_link(caller: &Caller, arn: &str) -> Option<Caller> {
    let unsigned = caller.access_key.is_empty() && caller.invoked_by.is_none();
    let parts: Vec<&str> = arn.split(':').collect();
    let (region, account) = (parts.get(3)?, parts.get(4)?);
    let there = Caller { region: (*region).into(), account: (*account).into(), ..caller.clone() };
    let sound = parts[0] == "arn" && account.len() == 12 && !region.is_empty();
    (unsigned && sound && there != *caller).then_some(there)
}
