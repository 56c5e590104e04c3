//! Custom resources: whoever listens to a topic is asked to make, change or remove something, and
//! answers by a PUT to a URL.
//!
//! A [`Request`] is a row: published by the engine, answered by the outside or by its time
//! running out. Properties travel as strings, as on AWS.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/crpg-ref.html>

use crate::resources::StackResource;
use crate::errors;
use crate::engine::wording;
use api::sns;
use cfn_template::scalar_text;
use kernel::{ApiError, Caller, IndexSink, Row, Snapshot, Tx, resource};
use serde::{Deserialize, Serialize};
use serde_json::{Map, Value, json};
use smol_str::{SmolStr, format_smolstr};
use std::sync::Arc;

resource! { cloudformation:
    tables { Request, Answered }
    tasks { "cloudformation.custom-timeout" => give_up }
    controls { internal "cloudformation.custom-answer" => answer }
}

/// The longest answer, in bytes.
const MAX_ANSWER: usize = 4_096;

/// The longest time that an answer may take, and what it may take if the template is silent.
const MAX_SECONDS: i64 = 3_600;

/// What is asked for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Kind {
    Create,
    Update,
    Delete,
}

/// How a request came out.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum Outcome {
    Done,
    /// The reason of the resource's failure.
    Failed(SmolStr),
}

/// The latest request about a resource.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Request {
    pub(crate) id: SmolStr,
    pub(crate) stack_id: SmolStr,
    pub(crate) logical_id: SmolStr,
    pub(crate) kind: Kind,
    /// What it is about; for a creation, what the resource is called if nobody names it.
    pub(crate) physical_id: SmolStr,
    pub(crate) url: SmolStr,
    pub(crate) outcome: Option<Outcome>,
}

impl Row for Request {
    const TABLE: &'static str = "cloudformation.custom-requests";
    const INDEXES: &'static [&'static str] = &["id"];

    fn key(&self) -> SmolStr {
        StackResource::key_of(&self.stack_id, &self.logical_id)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("id", self.id.clone());
    }
}

/// What a custom resource told of itself: the source of its attributes.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Answered {
    pub(crate) stack_id: SmolStr,
    pub(crate) logical_id: SmolStr,
    pub(crate) request_id: SmolStr,
    /// `Data`, as JSON text.
    pub(crate) data: SmolStr,
    pub(crate) no_echo: bool,
}

impl Row for Answered {
    const TABLE: &'static str = "cloudformation.custom-data";
    const INDEXES: &'static [&'static str] = &["stack"];

    fn key(&self) -> SmolStr {
        StackResource::key_of(&self.stack_id, &self.logical_id)
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("stack", self.stack_id.clone());
    }
}

/// What the engine asks for.
pub(crate) struct Asking<'a> {
    pub(crate) stack_id: &'a str,
    pub(crate) logical_id: &'a str,
    pub(crate) resource_type: &'a str,
    pub(crate) kind: Kind,
    pub(crate) physical_id: &'a str,
    pub(crate) properties: &'a Value,
    /// Of an update: what they were.
    pub(crate) old: Option<&'a Value>,
}

/// All scalars as strings: that is how properties reach a provider.
fn as_strings(value: &Value) -> Value {
    match value {
        Value::Object(members) => {
            members.iter().map(|(key, value)| (key.clone(), as_strings(value))).collect()
        }
        Value::Array(items) => items.iter().map(as_strings).collect(),
        scalar => scalar_text(scalar).map_or_else(|| scalar.clone(), Value::from),
    }
}

/// The topic that a `ServiceToken` names; a function cannot be called here.
fn topic(properties: &Value) -> Result<&str, ApiError> {
    let token = properties["ServiceToken"].as_str().unwrap_or_default();
    let mut parts = token.split(':');
    if parts.next() != Some("arn") || parts.clone().count() < 5 {
        return Err(errors::validation("Invalid service token."));
    }
    match parts.nth(1) {
        Some("sns") => Ok(token),
        Some("lambda") => Err(errors::validation(format!(
            "lowcloud runs no Lambda functions: {token} cannot be invoked. Let ServiceToken be an \
             SNS topic whose subscriber answers to the ResponseURL."
        ))),
        _ => Err(errors::validation("Invalid service token.")),
    }
}

/// How long an answer may take.
fn patience(properties: &Value) -> i64 {
    let given = scalar_text(&properties["ServiceTimeout"]).and_then(|text| text.parse().ok());
    given.unwrap_or(MAX_SECONDS).clamp(1, MAX_SECONDS)
}

/// Publishes a request; one that was under way for the same resource is no longer of interest.
pub(crate) fn ask(tx: &mut Tx, caller: &Caller, asking: &Asking<'_>) -> Result<(), ApiError> {
    let topic = topic(asking.properties)?;
    let id = tx.new_uuid();
    let url = response_url(tx, caller, asking, &id);
    let mut message = json!({
        "RequestType": match asking.kind {
            Kind::Create => "Create",
            Kind::Update => "Update",
            Kind::Delete => "Delete",
        },
        "ServiceToken": topic,
        "ResponseURL": url,
        "StackId": asking.stack_id,
        "RequestId": id,
        "LogicalResourceId": asking.logical_id,
        "ResourceType": asking.resource_type,
        "ResourceProperties": as_strings(asking.properties),
    });
    if asking.kind != Kind::Create {
        message["PhysicalResourceId"] = asking.physical_id.into();
    }
    if let Some(old) = asking.old {
        message["OldResourceProperties"] = as_strings(old);
    }
    let input = sns::PublishInput {
        topic_arn: Some(topic.into()),
        subject: Some("AWS CloudFormation custom resource request".into()),
        message: message.to_string().into(),
        ..Default::default()
    };
    tx.call::<sns::ops::Publish>(caller, input)?;
    let deadline = tx.now().plus_secs(patience(asking.properties));
    tx.schedule(deadline, "cloudformation.custom-timeout", &id);
    tx.put(Request {
        id,
        stack_id: asking.stack_id.into(),
        logical_id: asking.logical_id.into(),
        kind: asking.kind,
        physical_id: asking.physical_id.into(),
        url,
        outcome: None,
    });
    Ok(())
}

/// AWS's is a presigned URL of a bucket; lowcloud's has the same path and leads to lowcloud.
fn response_url(tx: &mut Tx, caller: &Caller, asking: &Asking<'_>, id: &str) -> SmolStr {
    let alphabet = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";
    let signature = tx.random().text(alphabet, 28);
    format_smolstr!(
        "{}/_lowcloud/cloudformation-custom-resource-response-{}/{}%7C{}%7C{id}?Signature={signature}",
        tx.settings().endpoint,
        caller.region.replace('-', ""),
        asking.stack_id.replace(':', "%3A").replace('/', "%2F"),
        asking.logical_id,
    )
}

/// The latest request about a resource.
pub(crate) fn request(
    snapshot: &Snapshot,
    stack_id: &str,
    logical_id: &str,
) -> Option<Arc<Request>> {
    snapshot.get::<Request>(&StackResource::key_of(stack_id, logical_id))
}

/// An attribute of a custom resource; the error names the object that AWS looks in.
pub(crate) fn attribute(
    snapshot: &Snapshot,
    caller: &Caller,
    stack_id: &str,
    logical_id: &str,
    name: &str,
) -> Result<Value, ApiError> {
    let answered = snapshot.get::<Answered>(&StackResource::key_of(stack_id, logical_id));
    let data = answered.as_ref().map(|a| a.data.as_str()).unwrap_or_default();
    let members: Map<String, Value> = serde_json::from_str(data).unwrap_or_default();
    members.get(name).cloned().ok_or_else(|| {
        let request = answered.map(|a| a.request_id.clone()).unwrap_or_default();
        let bucket = format!(
            "cloudformation-custom-resource-storage-{}",
            caller.region.replace('-', "")
        );
        errors::validation(format!(
            "CustomResource attribute error: Vendor response doesn't contain {name} key in object \
             {stack_id}|{logical_id}|{request} in S3 bucket {bucket}"
        ))
    })
}

/// The texts among the data of a stack's custom resources that are not to be shown.
pub(crate) fn secrets(snapshot: &Snapshot, stack_id: &str) -> Vec<String> {
    let hidden = snapshot.rows_by::<Answered>("stack", stack_id).filter(|row| row.no_echo);
    let members = hidden.filter_map(|row| serde_json::from_str::<Map<_, Value>>(&row.data).ok());
    members.flat_map(|map| map.into_iter().filter_map(|(_, value)| scalar_text(&value))).collect()
}

/// What a provider sends.
#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Answer {
    #[serde(default)]
    status: SmolStr,
    #[serde(default)]
    reason: SmolStr,
    #[serde(default)]
    physical_resource_id: SmolStr,
    #[serde(default)]
    stack_id: SmolStr,
    #[serde(default)]
    request_id: SmolStr,
    #[serde(default)]
    logical_resource_id: SmolStr,
    #[serde(default)]
    no_echo: Value,
    #[serde(default)]
    data: Value,
}

impl Answer {
    /// Why it is no answer to this request. Texts are from memory.
    fn problem(&self, request: &Request) -> Option<String> {
        let lacks = |key: &str| {
            format!(
                "Vendor response doesn't contain {key} key in object {}|{}|{}",
                request.stack_id, request.logical_id, request.id
            )
        };
        let wrong = |key: &str| format!("Invalid response: {key} does not match the request");
        if !matches!(self.status.as_str(), "SUCCESS" | "FAILED") {
            return Some(lacks("Status"));
        }
        if self.stack_id != request.stack_id {
            return Some(if self.stack_id.is_empty() { lacks("StackId") } else { wrong("StackId") });
        }
        if self.logical_resource_id != request.logical_id {
            return Some(match self.logical_resource_id.is_empty() {
                true => lacks("LogicalResourceId"),
                false => wrong("LogicalResourceId"),
            });
        }
        if self.request_id != request.id {
            let empty = self.request_id.is_empty();
            return Some(if empty { lacks("RequestId") } else { wrong("RequestId") });
        }
        if self.status == "FAILED" && self.reason.is_empty() {
            return Some(lacks("Reason"));
        }
        let id = &self.physical_resource_id;
        (id.is_empty() || id.len() > 1_024).then(|| "Invalid PhysicalResourceId".to_owned())
    }
}

/// `{"url": …, "body": text}`: a PUT to a request's URL. Only the first counts.
fn answer(tx: &mut Tx, _: &Caller, given: &Value) -> Result<Value, ApiError> {
    let url = given["url"].as_str().unwrap_or_default();
    let body = given["body"].as_str().unwrap_or_default();
    let path = url.split('?').next().unwrap_or_default();
    let id = path.rsplit("%7C").next().unwrap_or_default();
    let found = tx.rows_by::<Request>("id", id).find(|request| request.url == url).cloned();
    let Some(request) = found else {
        return Err(errors::validation("No custom resource has this URL.").with_status(403));
    };
    if request.outcome.is_some() {
        return Ok(json!({}));
    }
    if body.len() > MAX_ANSWER {
        settle(tx, &request, &SmolStr::default(), Outcome::Failed(wording::TOO_LONG.into()));
        return Ok(json!({}));
    }
    let answer: Option<Answer> = serde_json::from_str(body).ok();
    let Some(answer) = answer else {
        let why = Outcome::Failed(wording::NO_JSON.into());
        settle(tx, &request, &SmolStr::default(), why);
        return Ok(json!({}));
    };
    let named = answer.physical_resource_id.clone();
    let outcome = match answer.problem(&request) {
        Some(problem) => Outcome::Failed(problem.into()),
        None if answer.status == "FAILED" => {
            Outcome::Failed(wording::custom_failed(&answer.reason, &request.id).into())
        }
        None => Outcome::Done,
    };
    if outcome == Outcome::Done && request.kind != Kind::Delete {
        let no_echo = answer.no_echo == true || answer.no_echo == "true";
        tx.put(Answered {
            stack_id: request.stack_id.clone(),
            logical_id: request.logical_id.clone(),
            request_id: request.id.clone(),
            data: answer.data.to_string().into(),
            no_echo,
        });
    }
    settle(tx, &request, &named, outcome);
    Ok(json!({}))
}

/// The task: nobody has answered.
fn give_up(tx: &mut Tx, _: &Caller, id: &str) {
    let Some(request) = tx.rows_by::<Request>("id", id).next().cloned() else { return };
    if request.outcome.is_none() {
        let why = Outcome::Failed(wording::custom_silent(id).into());
        settle(tx, &request, &SmolStr::default(), why);
    }
}

/// Keeps the outcome, gives the resource its name and has the engine look.
fn settle(tx: &mut Tx, request: &Request, named: &SmolStr, outcome: Outcome) {
    let key = request.key();
    tx.cancel("cloudformation.custom-timeout", &request.id);
    tx.put(Request { outcome: Some(outcome), ..request.clone() });
    if request.kind != Kind::Delete {
        let name = if named.is_empty() { &request.physical_id } else { named };
        tx.update::<StackResource>(&key, |row| row.physical_id = name.clone());
    }
    tx.schedule(tx.now(), "cloudformation.advance", &request.stack_id);
}

/// Forgets a deletion that is over, and what the resource told of itself if it was that one and
/// not one that it took the place of.
pub(crate) fn forget(tx: &mut Tx, stack_id: &str, logical_id: &str) {
    let key = StackResource::key_of(stack_id, logical_id);
    let gone = tx.remove::<Request>(&key).map(|request| request.physical_id.clone());
    let present = tx.get::<StackResource>(&key).map(|row| row.physical_id.clone());
    if gone == present {
        tx.remove::<Answered>(&key);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn scalars_travel_as_strings() {
        let given = json!({"n": 3, "b": true, "l": [1, {"x": false}], "s": "t"});
        let sent = json!({"n": "3", "b": "true", "l": ["1", {"x": "false"}], "s": "t"});
        assert_eq!(as_strings(&given), sent);
    }

    #[test]
    fn a_service_token_is_a_topic() {
        let of = |token: &str| topic(&json!({ "ServiceToken": token })).map(str::to_owned);
        assert!(of("arn:aws:sns:us-east-1:000000000000:t").is_ok());
        let error = of("arn:aws:lambda:us-east-1:000000000000:function:f").expect_err("refused");
        assert!(error.message.contains("no Lambda functions"));
        assert_eq!(of("t").expect_err("no ARN").message, "Invalid service token.");
    }

    #[test]
    fn patience_has_bounds() {
        assert_eq!(patience(&json!({})), 3_600);
        assert_eq!(patience(&json!({"ServiceTimeout": "60"})), 60);
        assert_eq!(patience(&json!({"ServiceTimeout": 99_999})), 3_600);
    }
}
