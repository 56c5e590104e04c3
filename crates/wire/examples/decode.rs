//! Routes and decodes requests given as JSON lines on standard input, for checks against other
//! implementations: `{"method", "path", "query", "headers": {…}, "body": <base64>}` in, one line
//! `{"service", "operation", "protocol", "value"}` out, or with `"error"` in place of the value.
//! With `bench` as argument, it times the writing of a thousand instances instead.
#![allow(clippy::disallowed_methods, reason = "a benchmark reads the clock")]

use base64::Engine;
use http::{HeaderMap, HeaderName, HeaderValue};
use model::{Body, Value};
use serde_json::json;
use std::io::BufRead;
use wire::RequestHead;

fn main() {
    if std::env::args().any(|arg| arg == "bench") {
        return bench();
    }
    for line in std::io::stdin().lock().lines() {
        let line = line.expect("standard input is readable");
        let request: serde_json::Value = serde_json::from_str(&line).expect("a JSON line");
        println!("{}", answer(&request));
    }
}

fn answer(request: &serde_json::Value) -> String {
    let text = |name: &str| request[name].as_str().unwrap_or_default();
    let mut headers = HeaderMap::new();
    for (name, value) in request["headers"].as_object().into_iter().flatten() {
        headers.insert(
            HeaderName::from_bytes(name.as_bytes()).expect("a header's name"),
            HeaderValue::from_str(value.as_str().unwrap_or_default()).expect("a header's value"),
        );
    }
    let body = base64::engine::general_purpose::STANDARD.decode(text("body")).expect("base64");
    let head = RequestHead {
        method: text("method"),
        path: text("path"),
        query: text("query"),
        headers: &headers,
    };
    let body = match wire::inflate(&head, body.into(), 1 << 24) {
        Ok(body) => body,
        Err(error) => return json!({"error": error.to_string()}).to_string(),
    };
    let route = match wire::route(&head, &body) {
        Ok(route) => route,
        Err(miss) => return json!({"error": miss.error.to_string()}).to_string(),
    };
    let mut answer = json!({
        "service": route.service.name,
        "operation": route.operation.name,
        "protocol": format!("{:?}", route.protocol),
    });
    match wire::decode(&route, &head, &Body::Memory(body)) {
        Ok(value) => answer["value"] = json_of(&value),
        Err(error) => answer["error"] = error.to_string().into(),
    }
    answer.to_string()
}

fn json_of(value: &Value) -> serde_json::Value {
    let base64 = |bytes: &[u8]| base64::engine::general_purpose::STANDARD.encode(bytes);
    match value {
        Value::Null => json!(null),
        Value::Bool(it) => json!(it),
        Value::Int(it) => json!(it),
        Value::Float(it) => json!(it),
        Value::Text(it) => json!(&**it),
        Value::Time(it) => json!(it.iso_millis()),
        Value::Blob(it) | Value::Body(Body::Memory(it)) => json!(base64(it)),
        Value::Body(Body::Stored(_)) => json!(null),
        Value::List(items) => items.iter().map(json_of).collect(),
        Value::Struct(members) => {
            members.iter().map(|(name, value)| ((*name).to_owned(), json_of(value))).collect()
        }
        Value::Map(entries) => {
            entries.iter().map(|(key, value)| (key.to_string(), json_of(value))).collect()
        }
    }
}

/// Times a request of average size through routing, reading and checking.
fn decoding() {
    let mut headers = HeaderMap::new();
    headers.insert(
        "content-type",
        HeaderValue::from_static("application/x-www-form-urlencoded; charset=utf-8"),
    );
    headers.insert(
        "authorization",
        HeaderValue::from_static(
            "AWS4-HMAC-SHA256 Credential=test/20261123/us-west-1/ec2/aws4_request, Signature=0",
        ),
    );
    let head = RequestHead { method: "POST", path: "/", query: "", headers: &headers };
    let body = "Action=RunInstances&Version=2016-11-15&ImageId=ami-0123456789abcdef0&MinCount=1\
                &MaxCount=2&InstanceType=t3.micro&SecurityGroupId.1=sg-1&SubnetId=subnet-1\
                &TagSpecification.1.ResourceType=instance&TagSpecification.1.Tag.1.Key=Name\
                &TagSpecification.1.Tag.1.Value=a+b";
    let stored = Body::Memory(body.into());
    for _ in 0..3 {
        let start = std::time::Instant::now();
        for _ in 0..1_000 {
            let route = wire::route(&head, body.as_bytes()).expect("a valid request");
            wire::decode(&route, &head, &stored).expect("a valid request");
        }
        println!("RunInstances routed and decoded in {:?}", start.elapsed() / 1_000);
    }
}

fn text(s: &str) -> Option<smol_str::SmolStr> {
    Some(s.into())
}

fn interface() -> api::ec2::InstanceNetworkInterface {
    api::ec2::InstanceNetworkInterface {
        association: Some(api::ec2::InstanceNetworkInterfaceAssociation {
            ip_owner_id: text("amazon"),
            public_dns_name: text("ec2-203-0-113-7.us-west-1.compute.amazonaws.com"),
            public_ip: text("203.0.113.7"),
            ..Default::default()
        }),
        attachment: Some(api::ec2::InstanceNetworkInterfaceAttachment {
            attach_time: Some(model::Timestamp(1_506_576_906_123)),
            attachment_id: text("eni-attach-0123456789abcdef0"),
            delete_on_termination: Some(true),
            device_index: Some(0),
            status: text("attached"),
            network_card_index: Some(0),
            ..Default::default()
        }),
        description: text(""),
        groups: Some(vec![api::ec2::GroupIdentifier {
            group_id: text("sg-0123456789abcdef0"),
            group_name: text("default"),
        }]),
        ipv6_addresses: Some(Vec::new()),
        mac_address: text("02:00:00:00:00:01"),
        network_interface_id: text("eni-0123456789abcdef0"),
        owner_id: text("123456789012"),
        private_dns_name: text("ip-10-0-0-7.us-west-1.compute.internal"),
        private_ip_address: text("10.0.0.7"),
        private_ip_addresses: Some(vec![api::ec2::InstancePrivateIpAddress {
            primary: Some(true),
            private_dns_name: text("ip-10-0-0-7.us-west-1.compute.internal"),
            private_ip_address: text("10.0.0.7"),
            ..Default::default()
        }]),
        source_dest_check: Some(true),
        status: text("in-use"),
        subnet_id: text("subnet-0123456789abcdef0"),
        vpc_id: text("vpc-0123456789abcdef0"),
        interface_type: text("interface"),
        ..Default::default()
    }
}

/// An instance as DescribeInstances shows it: about a hundred elements.
fn instance() -> api::ec2::Instance {
    use api::ec2::{Instance, Tag};
    let tags = (0..12)
        .map(|i| Tag { key: text(&format!("key-{i}")), value: text("a value & more") })
        .collect::<Vec<_>>();
    Instance {
        ami_launch_index: Some(0),
        image_id: text("ami-0123456789abcdef0"),
        instance_id: text("i-0123456789abcdef0"),
        instance_type: text("t3.micro"),
        launch_time: Some(model::Timestamp(1_506_576_906_123)),
        private_dns_name: text("ip-10-0-0-7.us-west-1.compute.internal"),
        private_ip_address: text("10.0.0.7"),
        product_codes: Some(Vec::new()),
        public_dns_name: text("ec2-203-0-113-7.us-west-1.compute.amazonaws.com"),
        state_transition_reason: text(""),
        subnet_id: text("subnet-0123456789abcdef0"),
        vpc_id: text("vpc-0123456789abcdef0"),
        architecture: text("x86_64"),
        block_device_mappings: Some(vec![api::ec2::InstanceBlockDeviceMapping {
            device_name: text("/dev/xvda"),
            ebs: Some(api::ec2::EbsInstanceBlockDevice {
                attach_time: Some(model::Timestamp(1_506_576_906_123)),
                delete_on_termination: Some(true),
                status: text("attached"),
                volume_id: text("vol-0123456789abcdef0"),
                ..Default::default()
            }),
        }]),
        client_token: text("6b1c9f6e-0000-4000-8000-000000000000"),
        ebs_optimized: Some(false),
        ena_support: Some(true),
        hypervisor: text("xen"),
        network_interfaces: Some(vec![interface()]),
        root_device_name: text("/dev/xvda"),
        root_device_type: text("ebs"),
        source_dest_check: Some(true),
        tags: Some(tags),
        virtualization_type: text("hvm"),
        ..Default::default()
    }
}

fn bench() {
    use api::ec2::{DescribeInstancesResult, Reservation};
    let start = std::time::Instant::now();
    let ec2 = model::service("ec2").expect("listed");
    println!("loading EC2's model: {:?}", start.elapsed());
    decoding();
    let operation = ec2.operation("DescribeInstances").expect("EC2 has it");
    let reservation = Reservation {
        groups: Some(Vec::new()),
        instances: Some(vec![instance()]),
        owner_id: text("123456789012"),
        reservation_id: text("r-0123456789abcdef0"),
        ..Default::default()
    };
    let output = DescribeInstancesResult {
        reservations: Some(vec![reservation; 1_000]),
        ..Default::default()
    };
    for _ in 0..10 {
        let start = std::time::Instant::now();
        let response = wire::encode(ec2, operation, model::Protocol::Ec2, "id", &output);
        let elapsed = start.elapsed();
        let Body::Memory(bytes) = response.body else { return };
        let elements = bytes.windows(2).filter(|w| w == b"</").count();
        println!("{elements} elements, {} bytes: {elapsed:?}", bytes.len());
    }
}
