//! Policies that AWS manages: `arn:aws:iam::aws:policy/…`.
//!
//! Every well-formed name can be attached. The documents of a few are known
//! (<https://docs.aws.amazon.com/aws-managed-policy/latest/reference/policy-list.html>); those
//! of others are not made up.

use kernel::Arn;
use smol_str::{SmolStr, format_smolstr};

/// A policy that AWS manages.
#[derive(Clone, Debug)]
pub(super) struct AwsManaged {
    pub(super) arn: SmolStr,
    pub(super) path: SmolStr,
    pub(super) name: SmolStr,
    /// Known for some.
    pub(super) document: Option<&'static str>,
}

const ADMINISTRATOR: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": "*",
            "Resource": "*"
        }
    ]
}"#;

const POWER_USER: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "NotAction": [
                "iam:*",
                "organizations:*",
                "account:*"
            ],
            "Resource": "*"
        },
        {
            "Effect": "Allow",
            "Action": [
                "account:GetAccountInformation",
                "account:GetPrimaryEmail",
                "account:ListRegions",
                "iam:CreateServiceLinkedRole",
                "iam:DeleteServiceLinkedRole",
                "iam:ListRoles",
                "organizations:DescribeOrganization"
            ],
            "Resource": "*"
        }
    ]
}"#;

const S3_FULL: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "s3:*",
                "s3-object-lambda:*"
            ],
            "Resource": "*"
        }
    ]
}"#;

const S3_READ_ONLY: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "s3:Get*",
                "s3:List*",
                "s3:Describe*",
                "s3-object-lambda:Get*",
                "s3-object-lambda:List*"
            ],
            "Resource": "*"
        }
    ]
}"#;

const SSM_CORE: &str = r#"{
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "ssm:DescribeAssociation",
                "ssm:GetDeployablePatchSnapshotForInstance",
                "ssm:GetDocument",
                "ssm:DescribeDocument",
                "ssm:GetManifest",
                "ssm:GetParameter",
                "ssm:GetParameters",
                "ssm:ListAssociations",
                "ssm:ListInstanceAssociations",
                "ssm:PutInventory",
                "ssm:PutComplianceItems",
                "ssm:PutConfigurePackageResult",
                "ssm:UpdateAssociationStatus",
                "ssm:UpdateInstanceAssociationStatus",
                "ssm:UpdateInstanceInformation"
            ],
            "Resource": "*"
        },
        {
            "Effect": "Allow",
            "Action": [
                "ssmmessages:CreateControlChannel",
                "ssmmessages:CreateDataChannel",
                "ssmmessages:OpenControlChannel",
                "ssmmessages:OpenDataChannel"
            ],
            "Resource": "*"
        },
        {
            "Effect": "Allow",
            "Action": [
                "ec2messages:AcknowledgeMessage",
                "ec2messages:DeleteMessage",
                "ec2messages:FailMessage",
                "ec2messages:GetEndpoint",
                "ec2messages:GetMessages",
                "ec2messages:SendReply"
            ],
            "Resource": "*"
        }
    ]
}"#;

/// Those with a known document: name, document.
const KNOWN: [(&str, &str); 5] = [
    ("AdministratorAccess", ADMINISTRATOR),
    ("AmazonS3FullAccess", S3_FULL),
    ("AmazonS3ReadOnlyAccess", S3_READ_ONLY),
    ("AmazonSSMManagedInstanceCore", SSM_CORE),
    ("PowerUserAccess", POWER_USER),
];

/// The policy that an ARN names, if it is one that AWS manages.
pub(super) fn find(text: &str) -> Option<AwsManaged> {
    let arn = Arn::parse(text).filter(|a| a.service == "iam" && a.account == "aws")?;
    let rest = arn.resource.strip_prefix("policy").filter(|_| arn.region.is_empty())?;
    let (path, name) = rest.split_at(rest.rfind('/')? + 1);
    let usual = |b: u8| b.is_ascii_alphanumeric() || b"_+=,.@-".contains(&b);
    let sound = path.starts_with('/') && (1..=128).contains(&name.len()) && name.bytes().all(usual);
    let document = KNOWN.iter().find(|(known, _)| *known == name && path == "/").map(|(_, d)| *d);
    sound.then(|| AwsManaged { arn: text.into(), path: path.into(), name: name.into(), document })
}

/// Those that a list shows without anybody having named them.
pub(super) fn known(partition: &str) -> impl Iterator<Item = AwsManaged> + use<> {
    let arn = format_smolstr!("arn:{partition}:iam::aws:policy/");
    KNOWN.iter().filter_map(move |(name, _)| find(&format!("{arn}{name}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn well_formed_names_are_known_and_others_are_not() {
        let core = find("arn:aws:iam::aws:policy/AmazonSSMManagedInstanceCore").expect("one");
        assert!(core.document.is_some());
        let deep = find("arn:aws:iam::aws:policy/service-role/AmazonEC2RoleforSSM").expect("one");
        assert_eq!((&*deep.path, &*deep.name), ("/service-role/", "AmazonEC2RoleforSSM"));
        assert!(deep.document.is_none());
        for text in [
            "arn:aws:iam::123456789012:policy/Mine",
            "arn:aws:iam::aws:role/X",
            "arn:aws:iam::aws:policy/",
            "arn:aws:iam::aws:policyX",
            "arn:aws:iam::aws:policy/a b",
        ] {
            assert!(find(text).is_none(), "{text}");
        }
        for policy in known("aws") {
            let text = policy.document.expect("a known one");
            super::super::document::check(super::super::document::Kind::Identity, text)
                .expect("AWS's own are sound");
        }
    }
}
