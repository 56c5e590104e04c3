//! XML bodies (REST-XML: S3).
//! <https://smithy.io/2.0/aws/protocols/aws-restxml-protocol.html>

use super::{MAX_DEPTH, scalar};
use model::{ApiError, Kind, MemberModel, Place, Service, Shape, ShapeId, Value};
use quick_xml::events::{BytesStart, Event};
use std::borrow::Cow;

/// Most elements in one body. DeleteObjects with 1,000 keys has 3,000.
const MAX_ELEMENTS: usize = 100_000;

/// One element.
#[derive(Debug, Default)]
struct Element {
    /// Local name: prefixes are dropped, as S3 ignores namespaces.
    name: String,
    attributes: Vec<(String, String)>,
    text: String,
    children: Vec<Element>,
}

/// Reads a body whose root element is the structure `id`.
pub(crate) fn read(service: &'static Service, id: ShapeId, body: &[u8]) -> Result<Value, ApiError> {
    if body.trim_ascii().is_empty() {
        return Ok(Value::Struct(Vec::new()));
    }
    let root = parse(body).ok_or_else(malformed)?;
    structure(service, service.shape(id), &root, 0)
}

/// <https://docs.aws.amazon.com/AmazonS3/latest/API/ErrorResponses.html>
pub(crate) fn malformed() -> ApiError {
    ApiError::new(
        "MalformedXML",
        "The XML you provided was not well-formed or did not validate against our published schema",
    )
}

fn parse(body: &[u8]) -> Option<Element> {
    let text = str::from_utf8(body).ok()?;
    let mut reader = quick_xml::Reader::from_str(text);
    let mut open: Vec<Element> = Vec::new();
    let mut root = None;
    let mut count = 0;
    loop {
        match reader.read_event().ok()? {
            Event::Start(start) => {
                count += 1;
                if root.is_some() || open.len() == MAX_DEPTH || count > MAX_ELEMENTS {
                    return None;
                }
                open.push(element(&start)?);
            }
            Event::Empty(start) => {
                count += 1;
                if root.is_some() || count > MAX_ELEMENTS {
                    return None;
                }
                close(element(&start)?, &mut open, &mut root);
            }
            Event::End(_) => {
                let done = open.pop()?;
                close(done, &mut open, &mut root);
            }
            Event::Text(text) => {
                let text: &str = &text;
                match open.last_mut() {
                    Some(element) => element.text.push_str(text),
                    None if text.trim().is_empty() => {}
                    None => return None,
                }
            }
            Event::CData(data) => open.last_mut()?.text.push_str(&data),
            Event::GeneralRef(entity) => {
                open.last_mut()?.text.push(character(&entity)?);
            }
            // Definitions of entities are the way to bombs.
            Event::DocType(_) => return None,
            Event::Comment(_) | Event::Decl(_) | Event::PI(_) => {}
            Event::Eof => return if open.is_empty() { root } else { None },
        }
    }
}

fn close(done: Element, open: &mut [Element], root: &mut Option<Element>) {
    match open.last_mut() {
        Some(parent) => parent.children.push(done),
        None => *root = Some(done),
    }
}

/// What `&name;` stands for.
fn character(name: &str) -> Option<char> {
    let number = match name {
        "lt" => return Some('<'),
        "gt" => return Some('>'),
        "amp" => return Some('&'),
        "quot" => return Some('"'),
        "apos" => return Some('\''),
        _ => name.strip_prefix('#')?,
    };
    let code = match number.strip_prefix(['x', 'X']) {
        Some(hex) => u32::from_str_radix(hex, 16),
        None => number.parse(),
    };
    char::from_u32(code.ok()?)
}

fn element(start: &BytesStart<'_>) -> Option<Element> {
    let mut attributes = Vec::new();
    for attribute in start.attributes() {
        let attribute = attribute.ok()?;
        let value = expand(&attribute.value)?.into_owned();
        attributes.push((attribute.key.as_ref().to_owned(), value));
    }
    Some(Element { name: start.local_name().as_ref().to_owned(), attributes, ..Element::default() })
}

/// Replaces entities in an attribute.
fn expand(text: &str) -> Option<Cow<'_, str>> {
    if !text.contains('&') {
        return Some(Cow::Borrowed(text));
    }
    let mut parts = text.split('&');
    let mut out = parts.next()?.to_owned();
    for part in parts {
        let (name, rest) = part.split_once(';')?;
        out.push(character(name)?);
        out.push_str(rest);
    }
    Some(Cow::Owned(out))
}

fn structure(
    service: &'static Service,
    shape: &Shape,
    element: &Element,
    depth: usize,
) -> Result<Value, ApiError> {
    if depth > MAX_DEPTH {
        return Err(malformed());
    }
    let mut members = Vec::new();
    for member in service.members(shape).iter().filter(|m| m.place == Place::Body) {
        if let Some(value) = self::member(service, member, element, depth)? {
            members.push((member.name, value));
        }
    }
    Ok(Value::Struct(members))
}

fn member(
    service: &'static Service,
    member: &MemberModel,
    parent: &Element,
    depth: usize,
) -> Result<Option<Value>, ApiError> {
    let target = service.shape(member.shape);
    if member.xml_attribute {
        let found = parent.attributes.iter().find(|(name, _)| name == member.wire);
        return Ok(found.map(|(_, text)| Value::Text(text.as_str().into())));
    }
    let mut named = parent.children.iter().filter(|child| child.name == member.wire).peekable();
    if named.peek().is_none() {
        return Ok(None);
    }
    Ok(Some(match target.kind {
        Kind::List if member.flattened => Value::List(
            named
                .map(|child| value(service, target.element, child, depth + 1))
                .collect::<Result<_, _>>()?,
        ),
        Kind::Map if member.flattened => Value::Map(
            named.map(|child| entry(service, target, child, depth)).collect::<Result<_, _>>()?,
        ),
        // Of several, S3 takes the last.
        _ => match named.last() {
            Some(child) => value(service, member.shape, child, depth + 1)?,
            None => return Ok(None),
        },
    }))
}

fn entry(
    service: &'static Service,
    map: &Shape,
    element: &Element,
    depth: usize,
) -> Result<(smol_str::SmolStr, Value), ApiError> {
    let named = |explicit: &'static str, usual: &'static str| {
        let name = if explicit.is_empty() { usual } else { explicit };
        element.children.iter().find(move |child| child.name == name).ok_or_else(malformed)
    };
    let key = named(map.key_wire, "key")?;
    let item = named(map.element_wire, "value")?;
    Ok((key.text.as_str().into(), value(service, map.element, item, depth + 1)?))
}

fn value(
    service: &'static Service,
    id: ShapeId,
    element: &Element,
    depth: usize,
) -> Result<Value, ApiError> {
    let shape = service.shape(id);
    match shape.kind {
        Kind::Structure => structure(service, shape, element, depth),
        Kind::List => {
            let items = element.children.iter();
            let items = items.map(|child| value(service, shape.element, child, depth + 1));
            Ok(Value::List(items.collect::<Result<_, _>>()?))
        }
        Kind::Map => {
            let entries = element.children.iter();
            let entries = entries.map(|child| entry(service, shape, child, depth));
            Ok(Value::Map(entries.collect::<Result<_, _>>()?))
        }
        _ if !element.children.is_empty() => Err(malformed()),
        _ => scalar::parse(shape, &element.text).ok_or_else(malformed),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_delete(body: &str) -> Result<Value, ApiError> {
        let s3 = model::service("s3").expect("listed");
        let id = s3.shapes.iter().position(|shape| shape.name == "Delete").expect("S3 has it");
        read(s3, ShapeId(id as u32), body.as_bytes())
    }

    #[test]
    fn flattened_lists_and_entities_are_read() {
        let value = read_delete(
            "<?xml version=\"1.0\"?><Delete xmlns=\"http://s3.amazonaws.com/doc/2006-03-01/\">\
             <Object><Key>a&amp;&#x62;</Key></Object><!-- c --><Object><Key><![CDATA[<c>]]></Key></Object>\
             <Quiet>true</Quiet></Delete>",
        );
        let object = |key: &str| Value::Struct(vec![("Key", Value::Text(key.into()))]);
        assert_eq!(
            value,
            Ok(Value::Struct(vec![
                ("Objects", Value::List(vec![object("a&b"), object("<c>")])),
                ("Quiet", Value::Bool(true)),
            ]))
        );
    }

    #[test]
    fn bodies_that_are_not_well_formed_are_refused() {
        for body in [
            "<Delete>",
            "<Delete></Wrong>",
            "<Delete><Quiet>maybe</Quiet></Delete>",
            "<!DOCTYPE x [<!ENTITY a \"b\">]><Delete>&a;</Delete>",
            "<Delete>&a;</Delete>",
            "<Delete/><Delete/>",
            "text",
            "<Delete/>text",
            &"<a>".repeat(1_000),
        ] {
            assert_eq!(read_delete(body), Err(malformed()), "{body}");
        }
    }
}
