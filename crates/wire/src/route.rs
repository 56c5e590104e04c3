//! Which service and operation a request is for, and in which protocol.
//!
//! In order: the signature's scope, `X-Amz-Target`, a form's `Action` and `Version`, the path of
//! Smithy RPC v2, the host, and last S3, whose requests need not say anything.

use crate::head::{RequestHead, pairs, unescape};
use crate::rest::{self, Target};
use crate::sigv4::Scope;
use model::{ApiError, Kind, OperationModel, Protocol, Service};
use smol_str::SmolStr;
use std::net::IpAddr;

/// Where a request goes.
#[derive(Clone, Debug)]
pub struct Route {
    /// The service.
    pub service: &'static Service,
    /// The operation.
    pub operation: &'static OperationModel,
    /// The protocol that the client speaks.
    pub protocol: Protocol,
    /// Who asks, and for which region.
    pub scope: Scope,
    /// The bucket that the host names (S3 virtual hosts).
    pub bucket: Option<SmolStr>,
}

impl Route {
    /// Whether the body is an object's content, to be spooled as it comes, and not a document
    /// to be read into memory.
    pub fn streams_body(&self) -> bool {
        let Some(input) = self.operation.input.some() else { return false };
        let shape = self.service.shape(input);
        self.service.members(shape).iter().any(|m| {
            let target = self.service.shape(m.shape);
            m.name == shape.payload && target.kind == Kind::Blob && target.streaming
        })
    }
}

/// A request that goes nowhere, with all that is needed to say so.
#[derive(Clone, Debug)]
pub struct Misroute {
    /// The service, when that much was clear.
    pub service: Option<&'static Service>,
    /// The protocol to answer in.
    pub protocol: Protocol,
    /// Who asked.
    pub scope: Scope,
    /// What to answer.
    pub error: ApiError,
}

/// Services by the name in a signature's scope or the first label of a host. The API version
/// tells apart those that share one; `X-Amz-Target`'s prefix and the path of RPC v2 name the
/// service outright. A test compares this table with the models, so that routing loads only the
/// model that it needs.
struct Entry {
    service: &'static str,
    signing: &'static str,
    version: &'static str,
    target: &'static str,
}

const fn entry(
    service: &'static str,
    signing: &'static str,
    version: &'static str,
    target: &'static str,
) -> Entry {
    Entry { service, signing, version, target }
}

static ENTRIES: [Entry; 23] = [
    entry(
        "application-autoscaling",
        "application-autoscaling",
        "2016-02-06",
        "AnyScaleFrontendService",
    ),
    entry("autoscaling", "autoscaling", "2011-01-01", ""),
    entry("cloudcontrol", "cloudcontrolapi", "2021-09-30", "CloudApiService"),
    entry("cloudformation", "cloudformation", "2010-05-15", ""),
    entry("cloudwatch", "monitoring", "2010-08-01", "GraniteServiceVersion20100801"),
    entry("ec2", "ec2", "2016-11-15", ""),
    entry("elb", "elasticloadbalancing", "2012-06-01", ""),
    entry("elbv2", "elasticloadbalancing", "2015-12-01", ""),
    entry("events", "events", "2015-10-07", "AWSEvents"),
    entry("iam", "iam", "2010-05-08", ""),
    entry("kms", "kms", "2014-11-01", "TrentService"),
    entry("lambda", "lambda", "2015-03-31", ""),
    entry("logs", "logs", "2014-03-28", "Logs_20140328"),
    entry("pricing", "pricing", "2017-10-15", "AWSPriceListService"),
    entry("resource-groups", "resource-groups", "2017-11-27", ""),
    entry("resourcegroupstaggingapi", "tagging", "2017-01-26", "ResourceGroupsTaggingAPI_20170126"),
    entry("s3", "s3", "2006-03-01", ""),
    entry("secretsmanager", "secretsmanager", "2017-10-17", "secretsmanager"),
    entry("service-quotas", "servicequotas", "2019-06-24", "ServiceQuotasV20190624"),
    entry("sns", "sns", "2010-03-31", ""),
    entry("sqs", "sqs", "2012-11-05", "AmazonSQS"),
    entry("ssm", "ssm", "2014-11-06", "AmazonSSM"),
    entry("sts", "sts", "2011-06-15", ""),
];

/// Whether [`route`] needs the body: forms name their operation in it.
pub fn needs_body_to_route(head: &RequestHead<'_>) -> bool {
    head.method == "POST" && head.is_form()
}

/// What a request says about where it goes, before any model is loaded.
struct Signs {
    scope: Scope,
    /// `X-Amz-Target`: prefix and operation.
    target: Option<(String, String)>,
    /// Smithy RPC v2: service and operation.
    rpc: Option<(String, String)>,
    /// `Action` and `Version` of a form or query string.
    action: Option<String>,
    version: Option<String>,
    host: Host,
}

/// What a host name says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Host {
    /// A signing name or endpoint prefix.
    service: String,
    region: String,
    /// An S3 bucket.
    bucket: Option<SmolStr>,
}

/// Finds where a request goes. `body` matters only for forms ([`needs_body_to_route`]); it must
/// have been [inflated](crate::inflate).
pub fn route(head: &RequestHead<'_>, body: &[u8]) -> Result<Route, Box<Misroute>> {
    let mut signs = Signs::of(head, body);
    if signs.scope.region.is_empty() {
        signs.scope.region = signs.host.region.as_str().into();
    }
    let protocol = signs.protocol();
    let name = signs.service();
    let Some(service) = name.as_deref().and_then(model::service) else {
        return Err(unknown_service(signs, protocol, name));
    };
    let protocol = match protocol {
        Some(Protocol::Query) if service.protocols.contains(&Protocol::Ec2) => Protocol::Ec2,
        Some(given) => given,
        None => service
            .protocols
            .iter()
            .copied()
            .find(|p| matches!(p, Protocol::RestXml | Protocol::RestJson))
            .unwrap_or(service.protocols[0]),
    };
    let bucket = signs.host.bucket.clone().filter(|_| service.name == "s3");
    match signs.operation(service, protocol, head, bucket.as_deref()) {
        Ok(operation) => Ok(Route { service, operation, protocol, scope: signs.scope, bucket }),
        Err(error) => {
            Err(Box::new(Misroute { service: Some(service), protocol, scope: signs.scope, error }))
        }
    }
}

fn unknown_service(
    signs: Signs,
    protocol: Option<Protocol>,
    name: Option<String>,
) -> Box<Misroute> {
    let error = match &name {
        Some(name) => ApiError::not_implemented(format_args!("the service {name}")),
        None => ApiError::new(
            "MissingAuthenticationToken",
            "The request names no service: it has no signature, target, version or host.",
        )
        .with_status(403),
    };
    let protocol = protocol.unwrap_or(Protocol::RestJson);
    Box::new(Misroute { service: None, protocol, scope: signs.scope, error })
}

impl Signs {
    fn of(head: &RequestHead<'_>, body: &[u8]) -> Self {
        let split = |text: &str| {
            let (prefix, operation) = text.rsplit_once('.')?;
            Some((prefix.to_owned(), operation.to_owned()))
        };
        let mut action = head.query_value("Action").map(|v| v.into_owned());
        let mut version = head.query_value("Version").map(|v| v.into_owned());
        if needs_body_to_route(head) {
            // Parameters that do not decode are refused when the body is read.
            for (name, value) in pairs(&String::from_utf8_lossy(body)) {
                let slot = match name {
                    "Action" => &mut action,
                    "Version" => &mut version,
                    _ => continue,
                };
                let value = unescape(value, true).unwrap_or_default();
                slot.get_or_insert_with(|| value.trim_end().to_owned());
            }
        }
        Self {
            scope: Scope::of(head),
            target: head.header("x-amz-target").and_then(split),
            rpc: rpc_path(head.path),
            action,
            version,
            host: Host::parse(&head.host()),
        }
    }

    fn protocol(&self) -> Option<Protocol> {
        if self.rpc.is_some() {
            Some(Protocol::Cbor)
        } else if self.target.is_some() {
            Some(Protocol::Json)
        } else if self.action.is_some() {
            Some(Protocol::Query)
        } else {
            None
        }
    }

    /// The service's name: ours when the tables know it, else as the client calls it.
    fn service(&self) -> Option<String> {
        let scope = &*self.scope.service;
        let signed = match scope {
            "" => None,
            "s3express" | "s3-object-lambda" => Some("s3"),
            other => Some(other),
        };
        if let Some(name) = signed {
            return Some(self.by_signing_name(name));
        }
        let named = |name: &str| ENTRIES.iter().find(|e| !e.target.is_empty() && e.target == name);
        if let Some((prefix, _)) = self.target.as_ref().or(self.rpc.as_ref()) {
            return Some(named(prefix).map_or(prefix.clone(), |e| e.service.to_owned()));
        }
        if let Some(version) = self.version.as_ref().filter(|_| self.action.is_some()) {
            let known = ENTRIES.iter().find(|e| e.version == version);
            if let Some(entry) = known {
                return Some(entry.service.to_owned());
            }
        }
        if !self.host.service.is_empty() {
            return Some(self.by_signing_name(&self.host.service));
        }
        self.action.is_none().then(|| "s3".to_owned())
    }

    fn by_signing_name(&self, name: &str) -> String {
        let mut shared = ENTRIES.iter().filter(|e| e.signing == name || e.service == name);
        let Some(first) = shared.next() else { return name.to_owned() };
        let exact = std::iter::once(first)
            .chain(shared)
            .find(|e| self.version.as_deref() == Some(e.version));
        // Application Auto Scaling's old clients sign as `autoscaling`.
        let targeted = self.target.as_ref().and_then(|(prefix, _)| {
            ENTRIES.iter().find(|e| !e.target.is_empty() && e.target == prefix)
        });
        targeted.or(exact).unwrap_or(first).service.to_owned()
    }

    fn operation(
        &self,
        service: &'static Service,
        protocol: Protocol,
        head: &RequestHead<'_>,
        bucket: Option<&str>,
    ) -> Result<&'static OperationModel, ApiError> {
        match protocol {
            Protocol::RestXml | Protocol::RestJson => {
                rest::find(service, head, &Target { bucket, path: head.path })
            }
            Protocol::Json | Protocol::Cbor => {
                let named = self.target.as_ref().filter(|_| protocol == Protocol::Json);
                let (_, name) = named.or(self.rpc.as_ref()).map_or(("", ""), |(a, b)| (a, b));
                service
                    .operation(name)
                    .filter(|_| service.speaks(protocol))
                    .ok_or_else(|| ApiError::new("UnknownOperationException", "").with_status(404))
            }
            Protocol::Query | Protocol::Ec2 => {
                let Some(action) = &self.action else { return Err(missing_action(protocol)) };
                let version = self.version.as_deref().unwrap_or(service.version);
                let found = service.operation(action);
                found
                    .filter(|_| service.speaks(protocol))
                    .ok_or_else(|| invalid_action(protocol, action, version))
            }
        }
    }
}

fn missing_action(protocol: Protocol) -> ApiError {
    match protocol {
        Protocol::Ec2 => {
            ApiError::new("MissingParameter", "The request must contain the parameter Action")
        }
        _ => ApiError::new(
            "MissingAction",
            "The request is missing an action or a required parameter.",
        ),
    }
}

/// <https://docs.aws.amazon.com/AWSEC2/latest/APIReference/errors-overview.html> for EC2.
fn invalid_action(protocol: Protocol, action: &str, version: &str) -> ApiError {
    let action: String = action.chars().take(200).collect();
    let version: String = version.chars().take(50).collect();
    let text = match protocol {
        Protocol::Ec2 => format!("The action {action} is not valid for this web service."),
        _ => format!("Could not find operation {action} for version {version}"),
    };
    ApiError::new("InvalidAction", text)
}

/// `/service/<service>/operation/<operation>`, perhaps under a prefix.
fn rpc_path(path: &str) -> Option<(String, String)> {
    let mut parts = path.rsplit('/');
    let operation = parts.next()?;
    parts.next().filter(|word| *word == "operation")?;
    let service = parts.next()?;
    parts.next().filter(|word| *word == "service")?;
    Some((service.to_owned(), operation.to_owned()))
}

/// Domains below which the first labels are a service or a bucket.
const LOCAL: [&str; 3] = [".localhost", ".localhost.localstack.cloud", ".lowcloud.local"];
const AWS: [&str; 4] = [".amazonaws.com", ".amazonaws.com.cn", ".api.aws", ".on.aws"];

impl Host {
    fn parse(host: &str) -> Self {
        if host.trim_matches(['[', ']']).parse::<IpAddr>().is_ok() {
            return Self::default();
        }
        let Some((name, local)) = LOCAL
            .iter()
            .find_map(|d| Some((host.strip_suffix(d)?, true)))
            .or_else(|| AWS.iter().find_map(|d| Some((host.strip_suffix(d)?, false))))
        else {
            return Self::default();
        };
        let labels: Vec<&str> = name.split('.').collect();
        // `bucket.s3.region`, `bucket.s3-region`, `bucket.s3`.
        let s3 = labels.iter().rposition(|l| *l == "s3" || l.starts_with("s3-"));
        if let Some(at) = s3 {
            let bucket = labels[..at].join(".");
            let dashed = labels[at].strip_prefix("s3-").filter(|r| is_region(r));
            let region = dashed.or_else(|| labels[at + 1..].iter().copied().find(|l| is_region(l)));
            return Self {
                service: "s3".into(),
                region: region.unwrap_or_default().into(),
                bucket: (!bucket.is_empty()).then(|| bucket.into()),
            };
        }
        let first = labels[0];
        let known = ENTRIES.iter().any(|e| e.signing == first || e.service == first);
        if !known && local {
            return Self { service: "s3".into(), region: String::new(), bucket: Some(name.into()) };
        }
        let region = labels[1..].iter().copied().find(|l| is_region(l)).unwrap_or_default();
        Self { service: first.into(), region: region.into(), bucket: None }
    }
}

/// `us-west-1`, `us-gov-east-1`, …
fn is_region(label: &str) -> bool {
    let mut parts = label.rsplit('-');
    let number = parts.next().is_some_and(|n| n.len() == 1 && n.as_bytes()[0].is_ascii_digit());
    number && parts.clone().count() >= 2 && parts.all(|p| p.bytes().all(|b| b.is_ascii_lowercase()))
}

#[cfg(test)]
mod tests;
