//! Finding a service's model: one compressed blob each, embedded in the program and unpacked
//! when the service is first asked for. Unpacked models stay for the life of the process.

use crate::Service;
use std::sync::OnceLock;

/// The package and version that the models were reduced from.
pub const DATA_VERSION: &str = include_str!("../data/VERSION").trim_ascii();

struct Slot {
    name: &'static str,
    blob: &'static [u8],
    model: OnceLock<Service>,
}

macro_rules! library {
    ($($name:literal),* $(,)?) => {
        static LIBRARY: [Slot; 23] = [$(Slot {
            name: $name,
            blob: include_bytes!(concat!("../data/", $name, ".zst")),
            model: OnceLock::new(),
        }),*];
    };
}

// Ordered by name; `cargo xtask reduce-models` makes one blob for each.
library![
    "application-autoscaling",
    "autoscaling",
    "cloudcontrol",
    "cloudformation",
    "cloudwatch",
    "ec2",
    "elb",
    "elbv2",
    "events",
    "iam",
    "kms",
    "lambda",
    "logs",
    "pricing",
    "resource-groups",
    "resourcegroupstaggingapi",
    "s3",
    "secretsmanager",
    "service-quotas",
    "sns",
    "sqs",
    "ssm",
    "sts",
];

/// Names of all services, in order.
pub fn all_services() -> impl ExactSizeIterator<Item = &'static str> {
    LIBRARY.iter().map(|slot| slot.name)
}

/// The model of a service by its name in this house.
pub fn service(name: &str) -> Option<&'static Service> {
    let at = LIBRARY.binary_search_by(|slot| slot.name.cmp(name)).ok()?;
    let slot = &LIBRARY[at];
    Some(slot.model.get_or_init(|| {
        let (size, packed) = slot.blob.split_at(4);
        let size = u32::from_le_bytes(size.try_into().expect("four bytes were split off"));
        let bytes = zstd::bulk::decompress(packed, size as usize)
            .expect("embedded models are valid; a test unpacks each");
        postcard::from_bytes(bytes.leak()).expect("embedded models are valid; a test reads each")
    }))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Kind, Protocol};

    #[test]
    fn every_embedded_model_unpacks_and_is_sound() {
        for name in all_services() {
            let service = service(name).expect("listed");
            assert_eq!(service.name, name);
            assert!(service.operations.is_sorted_by_key(|op| op.name), "{name}");
            for op in &service.operations {
                for shape in [op.input, op.output].into_iter().filter_map(|id| id.some()) {
                    assert_eq!(service.shape(shape).kind, Kind::Structure, "{name} {}", op.name);
                }
            }
            for shape in &service.shapes {
                for member in service.members(shape) {
                    assert!((member.shape.0 as usize) < service.shapes.len());
                }
                let element = shape.element.some().is_some();
                assert_eq!(element, matches!(shape.kind, Kind::List | Kind::Map), "{}", shape.name);
            }
        }
    }

    #[test]
    fn ec2_knows_its_names_in_both_directions() {
        let ec2 = service("ec2").expect("listed");
        assert_eq!((ec2.version, ec2.signing_name), ("2016-11-15", "ec2"));
        assert_eq!(ec2.protocols, [Protocol::Ec2]);
        let run = ec2.operation("RunInstances").expect("EC2 has it");
        let members = ec2.members(ec2.shape(run.input));
        let find = |name| members.iter().find(|m| m.name == name).expect("RunInstances has it");
        assert_eq!(find("SecurityGroupIds").query, "SecurityGroupId");
        assert_eq!(find("BlockDeviceMappings").query, "BlockDeviceMapping");
        assert_eq!(find("ClientToken").wire, "clientToken");
        assert!(find("MinCount").required);
        assert!(ec2.operation("RunInstance").is_none());
    }

    #[test]
    fn models_keep_what_each_protocol_needs() {
        let cloudwatch = service("cloudwatch").expect("listed");
        assert_eq!(cloudwatch.protocols, [Protocol::Cbor, Protocol::Json, Protocol::Query]);
        assert!(cloudwatch.query_compatible);
        let s3 = service("s3").expect("listed");
        let create = s3.operation("CreateMultipartUpload").expect("S3 has it");
        assert_eq!((create.method, create.uri), ("POST", "/{Bucket}/{Key+}?uploads"));
        let cfn = service("cloudformation").expect("listed");
        assert_eq!(
            cfn.operation("CreateStack").map(|op| op.result_wrapper),
            Some("CreateStackResult")
        );
        assert_eq!(cfn.error("AlreadyExistsException").map(|e| e.status), Some(400));
    }
}
