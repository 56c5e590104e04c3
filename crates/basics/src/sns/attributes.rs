//! Attributes of topics and subscriptions: which there are, and what they must look like.
//! <https://docs.aws.amazon.com/sns/latest/api/API_SetTopicAttributes.html>

use super::{errors, filter};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

const TOPIC: [&str; 19] = [
    "ApplicationFailureFeedbackRoleArn",
    "ApplicationSuccessFeedbackRoleArn",
    "ApplicationSuccessFeedbackSampleRate",
    "ArchivePolicy",
    "ContentBasedDeduplication",
    "DeliveryPolicy",
    "DisplayName",
    "FifoThroughputScope",
    "FifoTopic",
    "HTTPFailureFeedbackRoleArn",
    "HTTPSuccessFeedbackRoleArn",
    "HTTPSuccessFeedbackSampleRate",
    "KmsMasterKeyId",
    "Policy",
    "SQSFailureFeedbackRoleArn",
    "SQSSuccessFeedbackRoleArn",
    "SQSSuccessFeedbackSampleRate",
    "SignatureVersion",
    "TracingConfig",
];

const SUBSCRIPTION: [&str; 7] = [
    "DeliveryPolicy",
    "FilterPolicy",
    "FilterPolicyScope",
    "RawMessageDelivery",
    "RedrivePolicy",
    "ReplayPolicy",
    "SubscriptionRoleArn",
];

/// Checks an attribute of a topic.
pub(super) fn check_topic(name: &str, value: &str) -> Result<(), ApiError> {
    let service = name.strip_prefix("Firehose").or_else(|| name.strip_prefix("Lambda"));
    let feedback = service.is_some_and(|rest| rest.contains("Feedback"));
    if !feedback && !TOPIC.contains(&name) {
        return Err(errors::invalid("AttributeName"));
    }
    match name {
        "Policy" | "DeliveryPolicy" if !value.is_empty() => {
            object(name, value)?;
        }
        "DisplayName" if value.chars().count() > 100 => return Err(errors::invalid("DisplayName")),
        "ContentBasedDeduplication" | "FifoTopic" if !matches!(value, "true" | "false") => {
            let why = format!("Invalid value [{value}] for attribute {name}.");
            return Err(errors::invalid_because("Attributes", why));
        }
        "SignatureVersion" if !matches!(value, "1" | "2") => {
            return Err(errors::invalid("SignatureVersion"));
        }
        "TracingConfig" if !matches!(value, "Active" | "PassThrough") => {
            return Err(errors::invalid("TracingConfig"));
        }
        _ => {}
    }
    Ok(())
}

/// Checks an attribute of a subscription.
pub(super) fn check_subscription(name: &str, value: &str) -> Result<(), ApiError> {
    if !SUBSCRIPTION.contains(&name) {
        return Err(errors::invalid("AttributeName"));
    }
    match name {
        "FilterPolicy" if !value.is_empty() => match serde_json::from_str::<Value>(value) {
            Ok(Value::Object(policy)) => match filter::problem(&policy) {
                Some(why) => Err(errors::invalid(format_args!("FilterPolicy: {why}"))),
                None => Ok(()),
            },
            _ => Err(errors::invalid("FilterPolicy: failed to parse JSON.")),
        },
        "DeliveryPolicy" | "RedrivePolicy" | "ReplayPolicy" if !value.is_empty() => {
            object(name, value)
        }
        "RawMessageDelivery" if !matches!(value, "true" | "false") => {
            let why = format!("Invalid value [{value}]. Must be true or false.");
            Err(errors::invalid_because("Attributes", why))
        }
        "FilterPolicyScope" if !matches!(value, "MessageAttributes" | "MessageBody") => {
            Err(errors::invalid("FilterPolicyScope"))
        }
        _ => Ok(()),
    }
}

fn object(name: &str, text: &str) -> Result<(), ApiError> {
    match serde_json::from_str::<Value>(text) {
        Ok(Value::Object(_)) => Ok(()),
        _ if name == "Policy" => {
            Err(errors::invalid_because("Policy", "Policy statement must be valid JSON"))
        }
        _ => Err(errors::invalid(format_args!("{name}: failed to parse JSON."))),
    }
}

/// The policy of a topic for which nobody set one.
pub(super) fn default_policy(topic: &str, account: &str) -> SmolStr {
    let actions = [
        "SNS:GetTopicAttributes",
        "SNS:SetTopicAttributes",
        "SNS:AddPermission",
        "SNS:RemovePermission",
        "SNS:DeleteTopic",
        "SNS:Subscribe",
        "SNS:ListSubscriptionsByTopic",
        "SNS:Publish",
    ];
    json!({
        "Version": "2008-10-17",
        "Id": "__default_policy_ID",
        "Statement": [{
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": { "AWS": "*" },
            "Action": actions,
            "Resource": topic,
            "Condition": { "StringEquals": { "AWS:SourceOwner": account } },
        }],
    })
    .to_string()
    .into()
}

/// How a topic delivers to HTTP endpoints when nobody said otherwise.
pub(super) fn default_delivery_policy() -> SmolStr {
    json!({
        "http": {
            "defaultHealthyRetryPolicy": {
                "minDelayTarget": 20,
                "maxDelayTarget": 20,
                "numRetries": 3,
                "numMaxDelayRetries": 0,
                "numNoDelayRetries": 0,
                "numMinDelayRetries": 0,
                "backoffFunction": "linear",
            },
            "disableSubscriptionOverrides": false,
            "defaultRequestPolicy": { "headerContentType": "text/plain; charset=UTF-8" },
        },
    })
    .to_string()
    .into()
}
