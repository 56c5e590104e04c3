//! `reduce-models`: botocore's service descriptions → `crates/model/data/*.zst`.
//!
//! Keeps what `model::Service` holds and drops the rest (documentation, endpoint rules,
//! examples). The input is the unpacked `botocore/data` directory of the PyPI package.

use crate::Failure;
use model::{
    Constraints, ErrorModel, Kind, MemberModel, OperationModel, Place, Protocol, Service, Shape,
    ShapeId, TimeFormat,
};
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::fs;
use std::io::Read;
use std::path::Path;

/// Reduces every service of the library and writes the blobs.
pub fn run(root: &Path, botocore_data: &Path) -> Result<(), Failure> {
    let out = root.join("crates/model/data");
    for name in model::all_services() {
        let mut json = load(&botocore_data.join(name))?;
        amend(name, &mut json)?;
        let service = reduce(name, &json);
        let bytes = postcard::to_allocvec(&service)?;
        let mut blob = u32::try_from(bytes.len())?.to_le_bytes().to_vec();
        blob.extend(zstd::bulk::compress(&bytes, 19)?);
        let (operations, shapes) = (service.operations.len(), service.shapes.len());
        println!(
            "{name}: {operations} operations, {shapes} shapes, {} -> {} bytes",
            bytes.len(),
            blob.len()
        );
        fs::write(out.join(format!("{name}.zst")), blob)?;
    }
    let version = botocore_version(botocore_data)?;
    fs::write(out.join("VERSION"), format!("botocore {version}\n"))?;
    Ok(())
}

fn botocore_version(data: &Path) -> Result<String, Failure> {
    let init = fs::read_to_string(data.join("../__init__.py"))?;
    let line = init.lines().find(|l| l.starts_with("__version__")).ok_or("no __version__")?;
    Ok(line.split('\'').nth(1).ok_or("no quoted version")?.to_owned())
}

/// The newest version of a service, with botocore's own amendments merged in.
fn load(dir: &Path) -> Result<Value, Failure> {
    let mut versions: Vec<_> = fs::read_dir(dir)
        .map_err(|e| format!("{}: {e}", dir.display()))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.join("service-2.json.gz").exists())
        .collect();
    versions.sort();
    let newest = versions.pop().ok_or_else(|| format!("no model in {}", dir.display()))?;
    let mut text = String::new();
    flate2::read::GzDecoder::new(fs::File::open(newest.join("service-2.json.gz"))?)
        .read_to_string(&mut text)?;
    let mut model: Value = serde_json::from_str(&text)?;
    if let Ok(extras) = fs::read_to_string(newest.join("service-2.sdk-extras.json")) {
        let extras: Value = serde_json::from_str(&extras)?;
        merge(&mut model, &extras["merge"]);
    }
    Ok(model)
}

fn merge(into: &mut Value, from: &Value) {
    match (into, from) {
        (Value::Object(into), Value::Object(from)) => {
            for (key, value) in from {
                merge(into.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (into, from) if !from.is_null() => *into = from.clone(),
        _ => {}
    }
}

/// Text of the model, for the life of this short program.
fn text(value: &Value) -> &'static str {
    value.as_str().map_or("", |s| s.to_owned().leak())
}

fn flag(value: &Value) -> bool {
    value.as_bool().unwrap_or(false)
}

fn object(value: &Value) -> &Map<String, Value> {
    static EMPTY: std::sync::LazyLock<Map<String, Value>> = std::sync::LazyLock::new(Map::new);
    value.as_object().unwrap_or(&EMPTY)
}

/// Limits that AWS checks and its published models lack: (service, shape, limit, value). Each was
/// seen in an answer of AWS.
const AMENDMENTS: &[(&str, &str, &str, &str)] = &[
    ("cloudformation", "StackName", "pattern", "[a-zA-Z][-a-zA-Z0-9]*|arn:[-a-zA-Z0-9:/._+]*"),
    ("cloudformation", "TemplateBody", "max", "51200"),
];

fn amend(service: &str, model: &mut Value) -> Result<(), Failure> {
    for (_, shape, limit, value) in AMENDMENTS.iter().filter(|(name, ..)| *name == service) {
        let value = match *limit {
            "pattern" => Value::from(*value),
            _ => Value::from(value.parse::<i64>()?),
        };
        let shape = model["shapes"].get_mut(shape).ok_or("an amended shape is gone")?;
        shape[limit] = value;
    }
    Ok(())
}

struct Reducer<'a> {
    json: &'a Map<String, Value>,
    ids: BTreeMap<&'a str, ShapeId>,
    members: Vec<MemberModel>,
    constraints: Vec<Constraints>,
    is_ec2: bool,
    is_sqs: bool,
    /// Shapes that some member streams: botocore marks the member for S3, the shape elsewhere.
    streaming: Vec<ShapeId>,
}

fn reduce(name: &'static str, json: &Value) -> Service {
    let meta = &json["metadata"];
    let shapes_json = object(&json["shapes"]);
    let ids = shapes_json.keys().zip(0..).map(|(k, i)| (k.as_str(), ShapeId(i))).collect();
    let mut reducer = Reducer {
        json: shapes_json,
        ids,
        members: Vec::new(),
        constraints: vec![Constraints::default()],
        is_ec2: name == "ec2",
        is_sqs: name == "sqs",
        streaming: Vec::new(),
    };
    let mut shapes: Vec<Shape> =
        shapes_json.iter().map(|(name, shape)| reducer.shape(name, shape)).collect();
    for id in &reducer.streaming {
        shapes[id.0 as usize].streaming = true;
    }
    let errors = errors(shapes_json);
    let mut operations: Vec<_> =
        object(&json["operations"]).values().map(|op| reducer.operation(op, &errors)).collect();
    operations.sort_by_key(|op| op.name);
    let protocols = meta["protocols"].as_array().map_or_else(
        || vec![protocol(text(&meta["protocol"]))],
        |all| all.iter().map(|p| protocol(text(p))).collect(),
    );
    let prefix = text(&meta["endpointPrefix"]);
    let signing = text(&meta["signingName"]);
    let namespace = match (name, text(&meta["xmlNamespace"])) {
        // botocore lacks the slash that EC2 answers with.
        ("ec2", ns) if !ns.ends_with('/') => format!("{ns}/").leak(),
        ("s3", "") => "http://s3.amazonaws.com/doc/2006-03-01/",
        // From the time when SQS spoke only query.
        ("sqs", "") => "http://queue.amazonaws.com/doc/2012-11-05/",
        (_, ns) => ns,
    };
    Service {
        name,
        id: text(&meta["serviceId"]),
        endpoint_prefix: prefix,
        version: text(&meta["apiVersion"]),
        signing_name: if signing.is_empty() { prefix } else { signing },
        protocols,
        target_prefix: text(&meta["targetPrefix"]),
        json_version: text(&meta["jsonVersion"]),
        xml_namespace: namespace,
        query_compatible: meta.get("awsQueryCompatible").is_some(),
        global: meta.get("globalEndpoint").is_some(),
        operations,
        shapes,
        members: reducer.members,
        constraints: reducer.constraints,
        errors,
    }
}

fn protocol(name: &str) -> Protocol {
    match name {
        "query" => Protocol::Query,
        "ec2" => Protocol::Ec2,
        "json" => Protocol::Json,
        "rest-json" => Protocol::RestJson,
        "rest-xml" => Protocol::RestXml,
        "smithy-rpc-v2-cbor" => Protocol::Cbor,
        other => panic!("a protocol this house does not know: {other}"),
    }
}

fn errors(shapes: &Map<String, Value>) -> Vec<ErrorModel> {
    let mut errors: Vec<_> = shapes
        .iter()
        .filter(|(_, shape)| flag(&shape["exception"]))
        .map(|(name, shape)| {
            let error = &shape["error"];
            let code = text(&error["code"]);
            let fault = flag(&shape["fault"]);
            let status = error["httpStatusCode"].as_u64().unwrap_or(if fault { 500 } else { 400 });
            ErrorModel {
                shape: name.clone().leak(),
                code: if code.is_empty() { name.clone().leak() } else { code },
                status: u16::try_from(status).expect("an HTTP status"),
                sender: error["senderFault"].as_bool().unwrap_or(!fault && status < 500),
            }
        })
        .collect();
    errors.sort_by_key(|e| e.shape);
    errors
}

fn time_format(value: &Value) -> TimeFormat {
    match text(value) {
        "iso8601" => TimeFormat::Iso8601,
        "rfc822" => TimeFormat::Rfc822,
        "unixTimestamp" => TimeFormat::Unix,
        _ => TimeFormat::Default,
    }
}

fn upper_first(name: &str) -> String {
    let mut chars = name.chars();
    chars.next().map_or_else(String::new, |c| c.to_uppercase().chain(chars).collect())
}

impl Reducer<'_> {
    fn id(&self, reference: &Value) -> ShapeId {
        reference["shape"].as_str().map_or(ShapeId::NONE, |name| self.ids[name])
    }

    fn shape(&mut self, name: &str, json: &Value) -> Shape {
        let kind = match text(&json["type"]) {
            "structure" => Kind::Structure,
            "list" => Kind::List,
            "map" => Kind::Map,
            "string" | "character" => Kind::String,
            "boolean" => Kind::Boolean,
            "integer" => Kind::Integer,
            "long" => Kind::Long,
            "double" | "float" => Kind::Double,
            "timestamp" => Kind::Timestamp,
            "blob" => Kind::Blob,
            other => panic!("shape {name} has a type this house does not know: {other}"),
        };
        let (element, key) = match kind {
            Kind::List => (&json["member"], &Value::Null),
            Kind::Map => (&json["value"], &json["key"]),
            _ => (&Value::Null, &Value::Null),
        };
        let first_member = u32::try_from(self.members.len()).expect("far fewer members");
        if kind == Kind::Structure {
            self.add_members(json);
        }
        let member_count = self.members.len() - first_member as usize;
        Shape {
            name: name.to_owned().leak(),
            kind,
            flattened: flag(&json["flattened"]),
            union: flag(&json["union"]),
            streaming: flag(&json["streaming"]),
            time: time_format(&json["timestampFormat"]),
            first_member,
            member_count: u16::try_from(member_count).expect("far fewer members"),
            element: self.id(element),
            key: self.id(key),
            element_wire: match text(&element["locationName"]) {
                "" if self.is_sqs && kind == Kind::Map => "Value",
                explicit => explicit,
            },
            key_wire: match text(&key["locationName"]) {
                "" if self.is_sqs && kind == Kind::Map && name == "TagMap" => "Key",
                "" if self.is_sqs && kind == Kind::Map => "Name",
                explicit => explicit,
            },
            payload: text(&json["payload"]),
            root: text(&json["locationName"]),
            constraints: self.add_constraints(json),
        }
    }

    /// What the elements of a flattened list or map are called in forms and XML.
    fn flat_name(&self, member: &str, location: &str, target: &Value) -> String {
        let element = text(&target["member"]["locationName"]);
        if !element.is_empty() {
            return element.to_owned();
        }
        if !self.is_sqs {
            return if location.is_empty() { member } else { location }.to_owned();
        }
        // SQS's model forgot the names of its query days: elements that are structures go by
        // their shape, others by the singular.
        let shape = text(&target["member"]["shape"]);
        if self.json.get(shape).is_some_and(|s| s["type"] == "structure") {
            return shape.to_owned();
        }
        match member {
            "Actions" => "ActionName".into(),
            _ => upper_first(member.strip_suffix('s').unwrap_or(member)),
        }
    }

    fn add_members(&mut self, json: &Value) {
        let required: Vec<_> = json["required"].as_array().into_iter().flatten().collect();
        for (name, member) in object(&json["members"]) {
            let target = &self.json[text(&member["shape"])];
            let location = text(&member["locationName"]);
            let wire: &'static str =
                if location.is_empty() { name.clone().leak() } else { location };
            let flattened = flag(&member["flattened"]) || flag(&target["flattened"]);
            let query = match text(&member["queryName"]) {
                "" if flattened => self.flat_name(name, location, target),
                "" if location.is_empty() => name.clone(),
                "" if self.is_ec2 => upper_first(location),
                "" => location.to_owned(),
                explicit => explicit.to_owned(),
            };
            let place = match text(&member["location"]) {
                "uri" => Place::Uri,
                "querystring" => Place::Query,
                "header" => Place::Header,
                "headers" => Place::Headers,
                "statusCode" => Place::StatusCode,
                _ => Place::Body,
            };
            if flag(&member["streaming"]) {
                self.streaming.push(self.id(member));
            }
            self.members.push(MemberModel {
                name: name.clone().leak(),
                wire,
                query: query.leak(),
                shape: self.id(member),
                required: required.iter().any(|r| r.as_str() == Some(name)),
                flattened,
                idempotency_token: flag(&member["idempotencyToken"]),
                xml_attribute: flag(&member["xmlAttribute"]),
                host_label: flag(&member["hostLabel"]),
                place,
                time: match time_format(&member["timestampFormat"]) {
                    TimeFormat::Default => time_format(&target["timestampFormat"]),
                    own => own,
                },
                namespace: text(&member["xmlNamespace"]["uri"]),
            });
        }
    }

    fn add_constraints(&mut self, json: &Value) -> u32 {
        let constraints = Constraints {
            min: json["min"].as_f64(),
            max: json["max"].as_f64(),
            pattern: text(&json["pattern"]),
            values: json["enum"].as_array().into_iter().flatten().map(text).collect(),
        };
        if let Some(at) = self.constraints.iter().position(|c| *c == constraints) {
            return u32::try_from(at).expect("far fewer constraints");
        }
        self.constraints.push(constraints);
        u32::try_from(self.constraints.len() - 1).expect("far fewer constraints")
    }

    fn operation(&self, json: &Value, errors: &[ErrorModel]) -> OperationModel {
        let status = json["http"]["responseCode"].as_u64().unwrap_or(200);
        let mut mine: Vec<u16> = json["errors"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|e| errors.iter().position(|known| known.shape == text(&e["shape"])))
            .map(|at| u16::try_from(at).expect("far fewer errors"))
            .collect();
        mine.sort_unstable();
        OperationModel {
            name: text(&json["name"]),
            method: text(&json["http"]["method"]),
            uri: text(&json["http"]["requestUri"]),
            status: u16::try_from(status).expect("an HTTP status"),
            deprecated: flag(&json["deprecated"]),
            checksum_required: flag(&json["httpChecksum"]["requestChecksumRequired"])
                || flag(&json["httpChecksumRequired"]),
            input: self.id(&json["input"]),
            input_root: text(&json["input"]["locationName"]),
            output: self.id(&json["output"]),
            result_wrapper: text(&json["output"]["resultWrapper"]),
            host_prefix: text(&json["endpoint"]["hostPrefix"]),
            errors: mine,
        }
    }
}
