//! Amazon Resource Names.

/// `arn:partition:service:region:account:resource`, taken apart. The resource keeps its colons
/// and slashes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arn<'a> {
    /// `aws`, `aws-cn`, `aws-us-gov`, …
    pub partition: &'a str,
    /// `ec2`, `iam`, …
    pub service: &'a str,
    /// May be empty.
    pub region: &'a str,
    /// May be empty.
    pub account: &'a str,
    /// All the rest.
    pub resource: &'a str,
}

impl<'a> Arn<'a> {
    /// Takes a name apart; none if it is no ARN.
    pub fn parse(text: &'a str) -> Option<Self> {
        let mut parts = text.splitn(6, ':');
        if parts.next()? != "arn" {
            return None;
        }
        Some(Self {
            partition: parts.next()?,
            service: parts.next()?,
            region: parts.next()?,
            account: parts.next()?,
            resource: parts.next().filter(|r| !r.is_empty())?,
        })
    }
}

/// The partition that a region belongs to.
pub fn partition_of(region: &str) -> &'static str {
    match region.split_once('-').map(|(head, _)| head) {
        Some("cn") => "aws-cn",
        Some("us") if region.starts_with("us-gov-") => "aws-us-gov",
        Some("us") if region.starts_with("us-isob-") => "aws-iso-b",
        Some("us") if region.starts_with("us-iso-") => "aws-iso",
        Some("eusc") => "aws-eusc",
        _ => "aws",
    }
}

/// The DNS suffix of a region's service endpoints (`AWS::URLSuffix`).
pub fn dns_suffix(region: &str) -> &'static str {
    match partition_of(region) {
        "aws-cn" => "amazonaws.com.cn",
        "aws-iso" => "c2s.ic.gov",
        "aws-iso-b" => "sc2s.sgov.gov",
        "aws-eusc" => "amazonaws.eu",
        _ => "amazonaws.com",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn arns_come_apart() {
        let arn = Arn::parse("arn:aws:iam::123456789012:role/a:b/c").expect("an ARN");
        assert_eq!((arn.service, arn.region, arn.resource), ("iam", "", "role/a:b/c"));
        assert_eq!(Arn::parse("arn:aws:iam"), None);
        assert_eq!(Arn::parse("urn:aws:iam::1:x"), None);
    }
}
