//! CreateNetworkAclEntry, ReplaceNetworkAclEntry, DeleteNetworkAclEntry.

use super::{Entry, LAST, NetworkAcl};
use crate::cidr::{Cidr, Cidr6};
use crate::entity::Entity;
use crate::errors;
use api::ec2::{
    CreateNetworkAclEntryRequest, DeleteNetworkAclEntryRequest, IcmpTypeCode, PortRange,
    ReplaceNetworkAclEntryRequest,
};
use kernel::{ApiError, Caller, Tx};
use smol_str::{SmolStr, ToSmolStr};

/// AWS's default quota in one direction, without the last entry.
const MAX_ENTRIES: usize = 20;

const ICMP: i16 = 1;
const TCP: i16 = 6;
const UDP: i16 = 17;
const ICMP6: i16 = 58;

/// The rule that a request describes; both have the same parameters.
macro_rules! entry {
    ($input:expr) => {
        Asked {
            number: $input.rule_number,
            protocol: &$input.protocol,
            action: &$input.rule_action,
            egress: $input.egress,
            cidr: $input.cidr_block.as_deref(),
            ipv6_cidr: $input.ipv6_cidr_block.as_deref(),
            icmp: $input.icmp_type_code.as_ref(),
            ports: $input.port_range.as_ref(),
        }
        .entry()
    };
}

struct Asked<'a> {
    number: i64,
    protocol: &'a str,
    action: &'a str,
    egress: bool,
    cidr: Option<&'a str>,
    ipv6_cidr: Option<&'a str>,
    icmp: Option<&'a IcmpTypeCode>,
    ports: Option<&'a PortRange>,
}

impl Asked<'_> {
    fn entry(&self) -> Result<Entry, ApiError> {
        let number = rule_number(self.number)?;
        let protocol = protocol(self.protocol)?;
        let cidr = self.block()?;
        let ports = match protocol {
            TCP | UDP => Some(self.port_range()?),
            _ => None,
        };
        let icmp = match protocol {
            ICMP | ICMP6 => Some(self.icmp_type_code()?),
            _ => None,
        };
        let allow = self.action == "allow";
        Ok(Entry { number, egress: self.egress, allow, cidr, protocol, ports, icmp })
    }

    fn block(&self) -> Result<SmolStr, ApiError> {
        let invalid = |text: &str, name: &str| {
            errors::invalid_parameter(text, name, "This is not a valid CIDR block.")
        };
        match (self.cidr, self.ipv6_cidr) {
            (Some(text), None) => Cidr::parse(text)
                .map(|cidr| cidr.to_smolstr())
                .ok_or_else(|| invalid(text, "cidrBlock")),
            (None, Some(text)) => Cidr6::parse(text)
                .map(|cidr| cidr.to_smolstr())
                .ok_or_else(|| invalid(text, "ipv6CidrBlock")),
            (Some(_), Some(_)) => Err(errors::cannot_be_used_with("cidrBlock", "ipv6CidrBlock")),
            (None, None) => Err(errors::missing_parameter("cidrBlock")),
        }
    }

    fn port_range(&self) -> Result<(u16, u16), ApiError> {
        let range = self.ports.and_then(|range| Some((range.from?, range.to?)));
        let (from, to) = range.ok_or_else(|| errors::missing_parameter("portRange"))?;
        let port = |port: i64, name: &str| {
            let why = "Ports lie between 0 and 65535.";
            u16::try_from(port).map_err(|_| errors::invalid_parameter(port, name, why))
        };
        let (from, to) = (port(from, "portRange.from")?, port(to, "portRange.to")?);
        if from > to {
            let why = "The first port must not be greater than the last.";
            return Err(errors::invalid_parameter(from, "portRange.from", why));
        }
        Ok((from, to))
    }

    fn icmp_type_code(&self) -> Result<(i16, i16), ApiError> {
        let given = self.icmp.and_then(|icmp| Some((icmp.r#type?, icmp.code?)));
        let (kind, code) = given.ok_or_else(|| errors::missing_parameter("icmpTypeCode"))?;
        let byte = |value: i64, name: &str| match i16::try_from(value) {
            Ok(value @ -1..=255) => Ok(value),
            _ => Err(errors::invalid_parameter(value, name, "It lies between -1 and 255.")),
        };
        Ok((byte(kind, "icmpTypeCode.type")?, byte(code, "icmpTypeCode.code")?))
    }
}

/// 1 to 32766: the last entry is AWS's.
fn rule_number(number: i64) -> Result<u16, ApiError> {
    let fits = u16::try_from(number).ok().filter(|n| (1..LAST).contains(n));
    let why = "The rule number must be between 1 and 32766.";
    fits.ok_or_else(|| errors::invalid_parameter(number, "ruleNumber", why))
}

/// A protocol's number, or one of the names that EC2 knows.
fn protocol(text: &str) -> Result<i16, ApiError> {
    match text.to_ascii_lowercase().as_str() {
        "all" => Ok(-1),
        "icmp" => Ok(ICMP),
        "tcp" => Ok(TCP),
        "udp" => Ok(UDP),
        "icmpv6" => Ok(ICMP6),
        number => match number.parse::<i16>() {
            Ok(number @ -1..=255) => Ok(number),
            _ => Err(errors::invalid_parameter(text, "protocol", "Invalid protocol.")),
        },
    }
}

pub(super) fn create_network_acl_entry(
    tx: &mut Tx,
    _: &Caller,
    input: CreateNetworkAclEntryRequest,
) -> Result<(), ApiError> {
    let entry = entry!(input)?;
    errors::dry_run(input.dry_run)?;
    let acl = NetworkAcl::find(tx, &input.network_acl_id)?;
    let mut direction = acl.entries.iter().filter(|other| other.egress == entry.egress);
    if direction.clone().any(|other| other.number == entry.number) {
        return Err(errors::acl_entry_exists(entry.number));
    }
    if direction.by_ref().filter(|other| other.number != LAST).count() >= MAX_ENTRIES {
        return Err(errors::acl_entry_limit_exceeded());
    }
    tx.update::<NetworkAcl>(&acl.id, |a| {
        a.entries.push(entry);
        a.entries.sort_by_key(|entry| (!entry.egress, entry.number));
    });
    Ok(())
}

pub(super) fn replace_network_acl_entry(
    tx: &mut Tx,
    _: &Caller,
    input: ReplaceNetworkAclEntryRequest,
) -> Result<(), ApiError> {
    let entry = entry!(input)?;
    errors::dry_run(input.dry_run)?;
    let acl = NetworkAcl::find(tx, &input.network_acl_id)?;
    let same = |other: &Entry| (other.egress, other.number) == (entry.egress, entry.number);
    let place = acl.entries.iter().position(same);
    let place = place.ok_or_else(|| errors::acl_entry_not_found(input.rule_number))?;
    tx.update::<NetworkAcl>(&acl.id, |a| a.entries[place] = entry);
    Ok(())
}

pub(super) fn delete_network_acl_entry(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteNetworkAclEntryRequest,
) -> Result<(), ApiError> {
    let number = rule_number(input.rule_number)?;
    errors::dry_run(input.dry_run)?;
    let acl = NetworkAcl::find(tx, &input.network_acl_id)?;
    let named = |entry: &Entry| (entry.egress, entry.number) == (input.egress, number);
    if !acl.entries.iter().any(named) {
        return Err(errors::acl_entry_not_found(input.rule_number));
    }
    tx.update::<NetworkAcl>(&acl.id, |a| a.entries.retain(|entry| !named(entry)));
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::protocol;

    #[test]
    fn protocols_are_numbers_or_known_names() {
        for (text, expected) in [("-1", Some(-1)), ("6", Some(6)), ("TCP", Some(6)), ("255", Some(255))]
        {
            assert_eq!(protocol(text).ok(), expected, "{text}");
        }
        for text in ["256", "-2", "ip", ""] {
            assert!(protocol(text).is_err(), "{text}");
        }
    }
}
