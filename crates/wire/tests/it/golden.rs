//! Requests: every `fixtures/wire/<protocol>/*.http` is routed and decoded; what comes out must
//! equal the `.expected` file beside it. `UPDATE_EXPECT=1` writes those files anew.

use http::{HeaderMap, HeaderName, HeaderValue};
use model::Body;
use std::fs;
use std::path::{Path, PathBuf};
use wire::{RequestHead, decode, encode_error, route};

pub(crate) fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fixtures/wire")
}

/// Compares with a file, or writes it.
pub(crate) fn expect(path: &Path, actual: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(path, actual).expect("fixtures can be written");
        return;
    }
    let expected = fs::read_to_string(path).unwrap_or_default();
    assert_eq!(actual, expected, "{} (UPDATE_EXPECT=1 to bless)", path.display());
}

/// A request as it stands in a fixture.
pub(crate) struct Request {
    pub method: String,
    pub path: String,
    pub query: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Request {
    pub(crate) fn parse(text: &str) -> Self {
        let (head, body) = text.split_once("\n\n").expect("a blank line ends the headers");
        let mut lines = head.lines();
        let mut words = lines.next().expect("a request line").split(' ');
        let (method, url) = (words.next().expect("a method"), words.next().expect("a path"));
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let mut headers = HeaderMap::new();
        for line in lines {
            let (name, value) = line.split_once(": ").expect("name: value");
            headers.append(
                HeaderName::from_bytes(name.as_bytes()).expect("a header's name"),
                HeaderValue::from_str(value).expect("a header's value"),
            );
        }
        let body = match headers.remove("x-fixture-body") {
            Some(_) => (0..body.len() / 2)
                .map(|i| u8::from_str_radix(&body[2 * i..2 * i + 2], 16).expect("hex"))
                .collect(),
            None => body.as_bytes().to_vec(),
        };
        Self { method: method.into(), path: path.into(), query: query.into(), headers, body }
    }

    pub(crate) fn head(&self) -> RequestHead<'_> {
        RequestHead {
            method: &self.method,
            path: &self.path,
            query: &self.query,
            headers: &self.headers,
        }
    }
}

pub(crate) fn all_requests() -> Vec<(PathBuf, String)> {
    let mut found = Vec::new();
    for protocol in ["query", "ec2", "json", "rest-xml", "rest-json", "cbor"] {
        for entry in fs::read_dir(fixtures().join(protocol)).expect("a folder per protocol") {
            let path = entry.expect("readable").path();
            if path.extension().is_some_and(|e| e == "http") {
                let text = fs::read_to_string(&path).expect("readable");
                found.push((path, text));
            }
        }
    }
    found.sort();
    found
}

/// What the house makes of a request: where it goes, and its value or the error's bytes.
fn outcome(request: &Request) -> String {
    let head = request.head();
    let (service, protocol, error) = match route(&head, &request.body) {
        Ok(route) => {
            let body = Body::Memory(request.body.clone().into());
            let to = format!("{} {}", route.service.name, route.operation.name);
            match decode(&route, &head, &body) {
                Ok(value) => return format!("{to}\n{value:#?}\n"),
                Err(error) => (Some(route.service), route.protocol, error),
            }
        }
        Err(miss) => (miss.service, miss.protocol, miss.error),
    };
    shown(&encode_error(service, protocol, "req-id", &error))
}

/// A response as text: status, headers, body (CBOR in hex).
pub(crate) fn shown(response: &wire::HttpResponse) -> String {
    let mut out = format!("{}\n", response.status);
    for (name, value) in &response.headers {
        out.push_str(&format!("{name}: {value}\n"));
    }
    let Body::Memory(bytes) = &response.body else { return out + "\n(stored)\n" };
    match String::from_utf8(bytes.to_vec()) {
        Ok(text) => out + "\n" + &text,
        Err(_) => out + "\n" + &bytes.iter().map(|b| format!("{b:02x}")).collect::<String>() + "\n",
    }
}

#[test]
fn every_request_fixture_decodes_as_recorded() {
    let requests = all_requests();
    assert!(requests.len() >= 30, "fixtures are there");
    for (path, text) in requests {
        expect(&path.with_extension("expected"), &outcome(&Request::parse(&text)));
    }
}
