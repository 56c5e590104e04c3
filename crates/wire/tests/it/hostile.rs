//! Bytes that no client sends: nothing may panic, and nothing may cost more than it weighs.

use crate::golden::{Request, all_requests};
use http::HeaderMap;
use model::{Body, Input};
use proptest::prelude::*;
use wire::{RequestHead, decode, encode_error, route};

/// Takes a request as far as it goes, and renders the error when it does not go far.
fn take(head: &RequestHead<'_>, body: &[u8]) {
    let (service, protocol, error) = match route(head, body) {
        Ok(route) => {
            let spooled = Body::Memory(body.to_vec().into());
            match decode(&route, head, &spooled) {
                Ok(value) => return drop(api::ec2::RunInstancesRequest::from_value(value)),
                Err(error) => (Some(route.service), route.protocol, error),
            }
        }
        Err(miss) => (miss.service, miss.protocol, miss.error),
    };
    let response = encode_error(service, protocol, "req-id", &error);
    assert!(response.status >= 400, "an error is no success");
}

/// One change to some bytes.
fn mutate(bytes: &mut Vec<u8>, at: usize, kind: u8, byte: u8) {
    if bytes.is_empty() {
        return;
    }
    let at = at % bytes.len();
    match kind % 5 {
        0 => bytes[at] = byte,
        1 => drop(bytes.remove(at)),
        2 => bytes.insert(at, byte),
        3 => bytes.truncate(at),
        _ => {
            let copy = bytes[at..].to_vec();
            bytes.extend_from_slice(&copy);
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn changed_requests_are_read_or_refused(
        changes in prop::collection::vec((any::<usize>(), any::<u8>(), any::<u8>()), 1..8),
    ) {
        for (_, text) in all_requests() {
            let mut request = Request::parse(&text);
            for (at, kind, byte) in &changes {
                mutate(&mut request.body, *at, *kind, *byte);
            }
            take(&request.head(), &request.body);
            let mut query = std::mem::take(&mut request.query).into_bytes();
            changes.iter().for_each(|(at, kind, byte)| mutate(&mut query, *at, *kind, *byte));
            request.query = String::from_utf8_lossy(&query).into_owned();
            take(&request.head(), &request.body);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(body: Vec<u8>, path in "/[ -~]{0,40}", query in "[ -~]{0,60}") {
        for (_, text) in all_requests() {
            let request = Request::parse(&text);
            take(&request.head(), &body);
            take(&RequestHead { path: &path, query: &query, ..request.head() }, &body);
        }
        let none = HeaderMap::new();
        take(&RequestHead { method: "GET", path: &path, query: &query, headers: &none }, &body);
    }
}

#[test]
fn deep_and_wide_requests_are_refused_or_cheap() {
    let fixture = |name: &str| {
        let found = all_requests().into_iter().find(|(path, _)| path.ends_with(name));
        Request::parse(&found.expect("a fixture").1)
    };
    let form = fixture("query/create-stack.http");
    let action = "Action=CreateStack&Version=2010-05-15";
    take(&form.head(), format!("{action}&{}=1", "a.".repeat(1_000_000)).as_bytes());
    take(&form.head(), format!("{action}&Tags.member.4294967295.Key=1").as_bytes());
    take(&form.head(), "&Parameters.member.1.ParameterKey=x".repeat(100_000).as_bytes());
    let wide: String = (0..150_000).map(|i| format!("&Capabilities.member.{i}=X")).collect();
    take(&form.head(), (action.to_owned() + &wide).as_bytes());
    take(&fixture("json/put-parameter.http").head(), "[".repeat(1_000_000).as_bytes());
    take(&fixture("cbor/put-metric-data.http").head(), &[0x9f; 1_000_000]);
    take(&fixture("cbor/put-metric-data.http").head(), &[0xc1; 1_000_000]);
    take(&fixture("rest-xml/delete-objects.http").head(), "<a>".repeat(300_000).as_bytes());
}
