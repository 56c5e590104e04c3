//! Query and EC2 requests: a tree of parameters to a value.
//!
//! The two differ in names and lists: query writes `Tags.member.1.Key`, EC2 `Tag.1.Key` with
//! names of its own. Both readers also take the other usual spelling of a list.
//! <https://smithy.io/2.0/aws/protocols/aws-query-protocol.html>,
//! <https://smithy.io/2.0/aws/protocols/aws-ec2-query-protocol.html>

use super::form::{Node, index};
use super::{MAX_DEPTH, scalar};
use model::{ApiError, Kind, MemberModel, Protocol, Service, Shape, ShapeId, Value};

/// Parameters of every request that belong to no operation.
const ENVELOPE: [&str; 11] = [
    "Action",
    "Version",
    "AWSAccessKeyId",
    "Signature",
    "SignatureMethod",
    "SignatureVersion",
    "SecurityToken",
    "Timestamp",
    "Expires",
    "AUTHPARAMS",
    "ContentType",
];

/// Reads an operation's input.
pub(crate) fn read(
    service: &'static Service,
    input: ShapeId,
    protocol: Protocol,
    tree: &Node<'_>,
) -> Result<Value, ApiError> {
    let Some(input) = input.some() else { return Ok(Value::Struct(Vec::new())) };
    let reader = Reader { service, ec2: protocol == Protocol::Ec2 };
    let mut path = Vec::new();
    reader.structure(service.shape(input), tree, &mut path)
}

struct Reader {
    service: &'static Service,
    ec2: bool,
}

impl Reader {
    fn value<'n>(
        &self,
        id: ShapeId,
        flat: bool,
        node: &Node<'n>,
        path: &mut Vec<&'n str>,
    ) -> Result<Value, ApiError> {
        if path.len() > MAX_DEPTH {
            return Err(ApiError::new("MalformedQueryString", "The request is nested too deeply."));
        }
        let shape = self.service.shape(id);
        match shape.kind {
            Kind::Structure => {
                self.refuse_text(node, path)?;
                self.structure(shape, node, path)
            }
            Kind::List => self.list(shape, node, path),
            Kind::Map => self.map(shape, flat, node, path),
            _ => self.scalar(shape, node, path),
        }
    }

    fn structure<'n>(
        &self,
        shape: &Shape,
        node: &Node<'n>,
        path: &mut Vec<&'n str>,
    ) -> Result<Value, ApiError> {
        let mut members = Vec::new();
        let mut known = 0;
        for member in self.service.members(shape) {
            let Some((&name, child)) = self.find(member, node) else { continue };
            known += 1;
            path.push(name);
            members.push((member.name, self.value(member.shape, member.flattened, child, path)?));
            path.pop();
        }
        if self.ec2 && known < node.children.len() {
            self.refuse_unknown(shape, node, path)?;
        }
        Ok(Value::Struct(members))
    }

    fn find<'t, 'n>(
        &self,
        member: &MemberModel,
        node: &'t Node<'n>,
    ) -> Option<(&'t &'n str, &'t Node<'n>)> {
        let get = |name: &str| node.children.get_key_value(name);
        if self.ec2 {
            return get(member.query).or_else(|| get(member.name));
        }
        get(member.query).or_else(|| get(member.wire)).or_else(|| get(member.name))
    }

    fn list<'n>(
        &self,
        shape: &Shape,
        node: &Node<'n>,
        path: &mut Vec<&'n str>,
    ) -> Result<Value, ApiError> {
        let element = self.service.shape(shape.element);
        let is_scalar = !matches!(element.kind, Kind::Structure | Kind::List | Kind::Map);
        match node.value {
            Some(text) if !text.is_empty() && node.children.is_empty() && is_scalar => {
                // One value without an index.
                return Ok(Value::List(vec![self.scalar(element, node, path)?]));
            }
            _ => self.refuse_text(node, path)?,
        }
        let wrapper = if shape.element_wire.is_empty() { "member" } else { shape.element_wire };
        let inner = match node.children.get_key_value(wrapper) {
            Some((name, inner)) if !self.ec2 => {
                path.push(name);
                inner
            }
            _ => node,
        };
        let stepped = !std::ptr::eq(inner, node);
        let mut items = Vec::new();
        for (name, child) in inner.numbered() {
            path.push(name);
            items.push(self.value(shape.element, false, child, path)?);
            path.pop();
        }
        if self.ec2
            && let Some(name) = inner.children.keys().find(|name| index(name).is_none())
        {
            path.push(name);
            return Err(unknown(path));
        }
        if stepped {
            path.pop();
        }
        Ok(Value::List(items))
    }

    fn map<'n>(
        &self,
        shape: &Shape,
        flat: bool,
        node: &Node<'n>,
        path: &mut Vec<&'n str>,
    ) -> Result<Value, ApiError> {
        self.refuse_text(node, path)?;
        let inner = node.children.get("entry").filter(|_| !flat).unwrap_or(node);
        let key_name = if shape.key_wire.is_empty() { "key" } else { shape.key_wire };
        let value_name = if shape.element_wire.is_empty() { "value" } else { shape.element_wire };
        let mut entries = Vec::new();
        for (_, entry) in inner.numbered() {
            let get = |name: &str| entry.children.get_key_value(name);
            let Some((_, key)) = get(key_name) else { continue };
            let value = match get(value_name) {
                Some((&name, child)) => {
                    path.push(name);
                    let value = self.value(shape.element, false, child, path)?;
                    path.pop();
                    value
                }
                None => continue,
            };
            entries.push((key.value.unwrap_or_default().into(), value));
        }
        Ok(Value::Map(entries))
    }

    fn scalar(&self, shape: &Shape, node: &Node<'_>, path: &[&str]) -> Result<Value, ApiError> {
        if let Some(child) = node.children.keys().next() {
            let mut path = path.to_vec();
            path.push(child);
            return if self.ec2 { Err(unknown(&path)) } else { Err(malformed_input()) };
        }
        let text = node.value.unwrap_or_default();
        if text.is_empty() && shape.kind != Kind::String && shape.kind != Kind::Blob {
            return Ok(Value::Null);
        }
        scalar::parse(shape, text).ok_or_else(|| self.misspelled(shape, text, path))
    }

    fn misspelled(&self, shape: &Shape, text: &str, path: &[&str]) -> ApiError {
        if !self.ec2 {
            return malformed_input();
        }
        let parameter = path.join(".");
        let text: String = text.chars().take(200).collect();
        let what = match shape.kind {
            Kind::Boolean => "Invalid boolean value",
            Kind::Integer | Kind::Long => "Invalid integer value",
            Kind::Timestamp => "Invalid date-time value",
            Kind::Blob => "Invalid BASE64 encoding",
            _ => "Invalid value",
        };
        ApiError::new(
            "InvalidParameterValue",
            format!("Value ({text}) for parameter {parameter} is invalid. {what}"),
        )
    }

    /// Text where members were expected. An empty value is an empty list or structure.
    fn refuse_text(&self, node: &Node<'_>, path: &[&str]) -> Result<(), ApiError> {
        match node.value {
            None | Some("") => Ok(()),
            Some(_) if !self.ec2 => Err(malformed_input()),
            Some(_) => Err(unknown(path)),
        }
    }

    fn refuse_unknown(
        &self,
        shape: &Shape,
        node: &Node<'_>,
        path: &[&str],
    ) -> Result<(), ApiError> {
        let members = self.service.members(shape);
        for name in node.children.keys() {
            let envelope =
                path.is_empty() && (ENVELOPE.contains(name) || name.starts_with("X-Amz-"));
            if !envelope && !members.iter().any(|m| m.query == *name || m.name == *name) {
                let mut path = path.to_vec();
                path.push(name);
                return Err(unknown(&path));
            }
        }
        Ok(())
    }
}

fn unknown(path: &[&str]) -> ApiError {
    let parameter: String = path.join(".").chars().take(200).collect();
    ApiError::new("UnknownParameter", format!("The parameter {parameter} is not recognized"))
}

/// What the query services answer to a number that is none. The text is not known.
fn malformed_input() -> ApiError {
    ApiError::new("MalformedInput", "")
}
