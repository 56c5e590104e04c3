//! A message to publish: checked, and as each protocol wants it.
//!
//! "Amazon SNS message and JSON formats" in the developer guide. Notifications carry a signature
//! member as on AWS, but nothing is signed here: there is no certificate that could verify it.

use super::errors;
use api::sns::{MessageAttributeValue, PublishBatchRequestEntry, PublishInput};
use kernel::{ApiError, Timestamp};
use serde_json::{Map, Value, json};
use smol_str::SmolStr;

/// Of a message with its attributes.
pub(super) const MAX_BYTES: usize = 262_144;
const MAX_SUBJECT: usize = 100;

/// What a publisher gives.
#[derive(Clone, Debug, Default)]
pub(super) struct Draft {
    pub(super) message: SmolStr,
    pub(super) subject: Option<SmolStr>,
    pub(super) structure: Option<SmolStr>,
    pub(super) attributes: Vec<(SmolStr, MessageAttributeValue)>,
    pub(super) deduplication_id: Option<SmolStr>,
    pub(super) group_id: Option<SmolStr>,
}

impl From<PublishInput> for Draft {
    fn from(input: PublishInput) -> Self {
        Self {
            message: input.message,
            subject: input.subject,
            structure: input.message_structure,
            attributes: input.message_attributes.unwrap_or_default(),
            deduplication_id: input.message_deduplication_id,
            group_id: input.message_group_id,
        }
    }
}

impl From<PublishBatchRequestEntry> for Draft {
    fn from(entry: PublishBatchRequestEntry) -> Self {
        Self {
            message: entry.message,
            subject: entry.subject,
            structure: entry.message_structure,
            attributes: entry.message_attributes.unwrap_or_default(),
            deduplication_id: entry.message_deduplication_id,
            group_id: entry.message_group_id,
        }
    }
}

/// A checked message on its way to a topic's subscribers.
#[derive(Clone, Debug)]
pub(super) struct Message {
    pub(super) id: SmolStr,
    pub(super) topic: SmolStr,
    pub(super) at: Timestamp,
    /// Of FIFO topics.
    pub(super) sequence: Option<SmolStr>,
    pub(super) draft: Draft,
    /// By protocol, for `MessageStructure` json.
    by_protocol: Option<Map<String, Value>>,
}

impl Draft {
    /// Number of bytes that count against the limit.
    pub(super) fn bytes(&self) -> usize {
        let attribute = |(name, value): &(SmolStr, MessageAttributeValue)| {
            name.len()
                + value.data_type.len()
                + value.string_value.as_ref().map_or(0, |text| text.len())
                + value.binary_value.as_ref().map_or(0, |bytes| bytes.len())
        };
        self.message.len() + self.attributes.iter().map(attribute).sum::<usize>()
    }

    /// The message, or what is wrong with the draft.
    pub(super) fn check(
        self,
        id: SmolStr,
        topic: SmolStr,
        at: Timestamp,
    ) -> Result<Message, ApiError> {
        if self.message.is_empty() {
            return Err(errors::invalid("Empty message"));
        }
        if self.bytes() > MAX_BYTES {
            return Err(errors::invalid("Message too long"));
        }
        if let Some(subject) = &self.subject {
            let length = subject.chars().count();
            let odd = |c: char| c.is_control();
            if length == 0 || length > MAX_SUBJECT || subject.chars().any(odd) {
                return Err(errors::invalid("Subject"));
            }
        }
        self.attributes.iter().try_for_each(|(name, value)| check_attribute(name, value))?;
        let by_protocol = match self.structure.as_deref() {
            None | Some("") => None,
            Some("json") => Some(structured(&self.message)?),
            Some(_) => return Err(errors::invalid("MessageStructure")),
        };
        Ok(Message { id, topic, at, sequence: None, draft: self, by_protocol })
    }
}

fn structured(text: &str) -> Result<Map<String, Value>, ApiError> {
    let wrong = |why: &str| errors::invalid(format_args!("Message Structure - {why}"));
    match serde_json::from_str(text) {
        Ok(Value::Object(map)) if map.get("default").is_some_and(Value::is_string) => Ok(map),
        Ok(Value::Object(_)) => Err(wrong("No default entry in JSON message body")),
        _ => Err(wrong("JSON message body failed to parse")),
    }
}

fn check_attribute(name: &str, value: &MessageAttributeValue) -> Result<(), ApiError> {
    let kind = value.data_type.split('.').next().unwrap_or_default();
    let missing = || errors::empty_attribute(name, &value.data_type);
    match kind {
        "String" | "Number" => {
            let text = value.string_value.as_deref().filter(|text| !text.is_empty());
            let text = text.ok_or_else(missing)?;
            if kind == "Number" && text.parse::<f64>().is_err() {
                return Err(errors::attribute_no_number(name));
            }
        }
        "Binary" => {
            value.binary_value.as_ref().filter(|bytes| !bytes.is_empty()).ok_or_else(missing)?;
        }
        _ => return Err(errors::attribute_type(name)),
    }
    Ok(())
}

impl Message {
    /// The text for a protocol.
    pub(super) fn text(&self, protocol: &str) -> &str {
        let Some(texts) = &self.by_protocol else { return &self.draft.message };
        let own = texts.get(protocol).or_else(|| texts.get("default"));
        own.and_then(Value::as_str).unwrap_or_default()
    }

    /// What a filter policy by attributes looks at.
    pub(super) fn attributes_said(&self) -> Value {
        let said = self.draft.attributes.iter().map(|(name, value)| {
            let text = value.string_value.as_deref().unwrap_or_default();
            let said = match value.data_type.as_str() {
                "String.Array" => serde_json::from_str(text).unwrap_or(Value::Null),
                kind if kind.starts_with("Number") => {
                    text.parse::<f64>().map_or(Value::Null, |number| json!(number))
                }
                kind if kind.starts_with("String") => json!(text),
                _ => Value::Null,
            };
            (name.to_string(), said)
        });
        Value::Object(said.filter(|(_, said)| !said.is_null()).collect())
    }

    /// What a filter policy by body looks at, if the body is JSON.
    pub(super) fn body_said(&self) -> Option<Value> {
        serde_json::from_str::<Value>(&self.draft.message).ok().filter(Value::is_object)
    }

    /// The JSON of a notification, laid out as AWS lays it out.
    pub(super) fn notification(
        &self,
        protocol: &str,
        subscription: &str,
        endpoint: &str,
    ) -> String {
        let region = self.topic.split(':').nth(3).unwrap_or_default();
        let mut members: Vec<(&str, Value)> =
            vec![("Type", json!("Notification")), ("MessageId", json!(self.id.as_str()))];
        if let Some(sequence) = &self.sequence {
            members.push(("SequenceNumber", json!(sequence.as_str())));
        }
        members.push(("TopicArn", json!(self.topic.as_str())));
        if let Some(subject) = &self.draft.subject {
            members.push(("Subject", json!(subject.as_str())));
        }
        members.push(("Message", json!(self.text(protocol))));
        members.push(("Timestamp", json!(self.at.iso_millis())));
        members.extend(unsigned(region));
        let end = format!("{endpoint}/?Action=Unsubscribe&Version=2010-03-31");
        let end = format!("{end}&SubscriptionArn={subscription}");
        members.push(("UnsubscribeURL", json!(end)));
        if !self.draft.attributes.is_empty() {
            members.push(("MessageAttributes", self.attributes_shown()));
        }
        laid_out(&members)
    }

    fn attributes_shown(&self) -> Value {
        let shown = self.draft.attributes.iter().map(|(name, value)| {
            let text = match &value.binary_value {
                Some(bytes) if value.data_type.starts_with("Binary") => {
                    crate::digests::base64(bytes)
                }
                _ => value.string_value.as_deref().unwrap_or_default().to_owned(),
            };
            (name.to_string(), json!({ "Type": value.data_type.as_str(), "Value": text }))
        });
        Value::Object(shown.collect())
    }
}

/// The members where AWS signs.
pub(super) fn unsigned(region: &str) -> [(&'static str, Value); 3] {
    let certificate = format!(
        "https://sns.{region}.amazonaws.com/SimpleNotificationService-00000000000000000000000000000000.pem"
    );
    [
        ("SignatureVersion", json!("1")),
        ("Signature", json!("UNSIGNED")),
        ("SigningCertURL", json!(certificate)),
    ]
}

/// `{`, one member a line with a space before the colon, `}`.
pub(super) fn laid_out(members: &[(&str, Value)]) -> String {
    let lines: Vec<String> =
        members.iter().map(|(name, value)| format!("  \"{name}\" : {value}")).collect();
    format!("{{\n{}\n}}", lines.join(",\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn draft(message: &str) -> Draft {
        Draft { message: message.into(), ..Default::default() }
    }

    fn refused(draft: Draft) -> String {
        let checked = draft.check("id".into(), "arn:aws:sns:r:1:t".into(), Timestamp(0));
        checked.expect_err("it is refused").message
    }

    fn attribute(kind: &str, text: &str) -> Vec<(SmolStr, MessageAttributeValue)> {
        let string_value = Some(text.into()).filter(|text: &SmolStr| !text.is_empty());
        let value =
            MessageAttributeValue { data_type: kind.into(), string_value, binary_value: None };
        vec![("a".into(), value)]
    }

    #[test]
    fn drafts_are_checked_as_aws_checks_them() {
        assert_eq!(refused(draft("")), "Invalid parameter: Empty message");
        assert_eq!(
            refused(draft(&"x".repeat(MAX_BYTES + 1))),
            "Invalid parameter: Message too long"
        );
        for subject in ["", "a\nb", &"x".repeat(101)] {
            let draft = Draft { subject: Some(subject.into()), ..draft("m") };
            assert_eq!(refused(draft), "Invalid parameter: Subject");
        }
        let json = |text: &str| Draft { structure: Some("json".into()), ..draft(text) };
        let no_default = "Invalid parameter: Message Structure - No default entry in JSON message \
                          body";
        assert_eq!(refused(json(r#"{"sqs":"x"}"#)), no_default);
        let no_json = "Invalid parameter: Message Structure - JSON message body failed to parse";
        assert_eq!(refused(json("x")), no_json);
        let with = |kind, text| Draft { attributes: attribute(kind, text), ..draft("m") };
        assert!(refused(with("Odd", "x")).contains("invalid message attribute type"));
        assert!(refused(with("String", "")).contains("non-empty"));
        assert!(refused(with("Number", "x")).contains("Could not cast"));
    }

    #[test]
    fn a_structured_message_has_a_text_for_each_protocol() {
        let structure = Some("json".into());
        let draft = Draft { structure, ..draft(r#"{"default":"d","sqs":"s"}"#) };
        let message = draft.check("id".into(), "t".into(), Timestamp(0)).expect("sound");
        assert_eq!((message.text("sqs"), message.text("http")), ("s", "d"));
    }

    #[test]
    fn a_notification_is_laid_out_as_on_aws() {
        let draft = Draft { subject: Some("s".into()), ..draft("hello \"you\"") };
        let topic = "arn:aws:sns:us-west-1:123456789012:t";
        let message = draft.check("id".into(), topic.into(), Timestamp(0)).expect("sound");
        let text = message.notification("http", "sub", "http://localhost:4566");
        let expected = format!(
            "{{\n  \"Type\" : \"Notification\",\n  \"MessageId\" : \"id\",\n  \"TopicArn\" : \
             \"{topic}\",\n  \"Subject\" : \"s\",\n  \"Message\" : \"hello \\\"you\\\"\",\n"
        );
        assert!(text.starts_with(&expected), "{text}");
        serde_json::from_str::<Value>(&text).expect("it is JSON");
    }
}
