//! Attributes of subscriptions.

use super::subscriptions::{Subscription, check_arn};
use super::{attributes, errors};
use api::sns::{
    GetSubscriptionAttributesInput, GetSubscriptionAttributesResponse,
    SetSubscriptionAttributesInput,
};
use kernel::{ApiError, Caller, Snapshot, Tx, resource};
use smol_str::SmolStr;
use std::collections::BTreeMap;

resource! { sns:
    operations {
        read GetSubscriptionAttributes => get_subscription_attributes,
        write SetSubscriptionAttributes => set_subscription_attributes,
    }
}

fn get_subscription_attributes(
    snapshot: &Snapshot,
    caller: &Caller,
    input: GetSubscriptionAttributesInput,
) -> Result<GetSubscriptionAttributesResponse, ApiError> {
    check_arn(caller, &input.subscription_arn)?;
    let row = snapshot
        .get::<Subscription>(&input.subscription_arn)
        .ok_or_else(errors::subscription_not_found)?;
    let yes_no = |flag: bool| SmolStr::new_static(if flag { "true" } else { "false" });
    let mut shown: BTreeMap<SmolStr, SmolStr> = BTreeMap::new();
    let mut show = |name: &'static str, value: SmolStr| {
        shown.insert(SmolStr::new_static(name), value);
    };
    show("SubscriptionArn", row.arn.clone());
    show("TopicArn", row.topic.clone());
    show("Owner", row.owner.clone());
    show("Protocol", row.protocol.clone());
    show("Endpoint", row.endpoint.clone());
    show("PendingConfirmation", yes_no(row.pending));
    show("ConfirmationWasAuthenticated", yes_no(!row.pending));
    show("RawMessageDelivery", SmolStr::new_static("false"));
    show("SubscriptionPrincipal", caller.global_arn("iam", "root"));
    if row.attributes.contains_key("FilterPolicy") {
        show("FilterPolicyScope", SmolStr::new_static("MessageAttributes"));
    }
    shown.extend(row.attributes.iter().map(|(name, value)| (name.clone(), value.clone())));
    Ok(GetSubscriptionAttributesResponse { attributes: Some(shown.into_iter().collect()) })
}

/// An empty value takes an attribute back to its default.
fn set_subscription_attributes(
    tx: &mut Tx,
    caller: &Caller,
    input: SetSubscriptionAttributesInput,
) -> Result<(), ApiError> {
    check_arn(caller, &input.subscription_arn)?;
    if !tx.contains::<Subscription>(&input.subscription_arn) {
        return Err(errors::subscription_not_found());
    }
    let value = input.attribute_value.unwrap_or_default();
    attributes::check_subscription(&input.attribute_name, &value)?;
    tx.update::<Subscription>(&input.subscription_arn, |row| {
        match value.is_empty() || value == "{}" {
            true => row.attributes.remove(&input.attribute_name),
            false => row.attributes.insert(input.attribute_name, value),
        };
    });
    Ok(())
}
