//! `Fn::Cidr`: a block of addresses cut into smaller ones.
//! <https://docs.aws.amazon.com/AWSCloudFormation/latest/TemplateReference/intrinsic-function-reference-cidr.html>

use super::{Function, Outcome, Pass, UNKNOWN, require};
use crate::node::Node;
use crate::problem::Problem;
use crate::template::Template;
use serde_json::Value;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

pub(super) const FUNCTION: Function =
    Function { name: "Fn::Cidr", evaluate, check, boolean: false };

const SHAPE: &str = "Template error: every Fn::Cidr object requires two parameters, (1) a CIDR \
                     block and (2) the number of CIDRs to generate, and an optional third \
                     parameter, the number of subnet bits";
/// The most blocks that one call may give.
const MAX_COUNT: u32 = 256;

fn check(_: &Template, argument: &Node) -> Result<(), Problem> {
    let items = argument.as_list().unwrap_or_default();
    let fits = matches!(items.len(), 2 | 3) && items.iter().all(super::may_be_text);
    require(fits || super::is_function(argument), argument, SHAPE)
}

fn evaluate(pass: &mut Pass<'_, '_>, argument: &Node) -> Outcome {
    let problem = || Problem::validation(SHAPE);
    let items = argument.as_list().ok_or_else(problem)?;
    let (block, count, bits) = match items {
        [block, count] => (block, count, None),
        [block, count, bits] => (block, count, Some(bits)),
        _ => return Err(problem()),
    };
    let block = pass.text(block, SHAPE)?;
    let count = pass.text(count, SHAPE)?;
    let bits = bits.map(|bits| pass.text(bits, SHAPE)).transpose()?;
    let unknown = |text: &String| text.contains(UNKNOWN);
    if unknown(&block) || unknown(&count) || bits.as_ref().is_some_and(unknown) {
        return Ok(Some(Value::from(UNKNOWN)));
    }
    let count = count.trim().parse().map_err(|_| problem())?;
    let bits = match bits {
        Some(bits) => Some(bits.trim().parse().map_err(|_| problem())?),
        None => None,
    };
    let blocks = cut(&block, count, bits).ok_or_else(|| {
        Problem::validation(format!(
            "Template error: Fn::Cidr can not generate {count} CIDR blocks from {block}"
        ))
    })?;
    Ok(Some(blocks.into_iter().map(Value::from).collect()))
}

/// The first `count` blocks with `bits` host bits each inside a block.
fn cut(block: &str, count: u32, bits: Option<u32>) -> Option<Vec<String>> {
    let (address, prefix) = block.trim().split_once('/')?;
    let (width, first, v6) = match address.parse().ok()? {
        IpAddr::V4(address) => (32, u128::from(u32::from(address)), false),
        IpAddr::V6(address) => (128, u128::from(address), true),
    };
    let prefix: u32 = prefix.parse().ok().filter(|prefix| *prefix <= width)?;
    let bits = bits.unwrap_or(if v6 { 64 } else { 8 });
    let room = (width - prefix).checked_sub(bits)?;
    if count == 0 || count > MAX_COUNT || bits == 0 || (room < 32 && count > 1 << room) {
        return None;
    }
    let host = width - prefix;
    let first = if host >= 128 { 0 } else { first >> host << host };
    let show = |number: u32| {
        let start = first + u128::from(number).checked_shl(bits).unwrap_or(0);
        let address = if v6 {
            Ipv6Addr::from(start).to_string()
        } else {
            Ipv4Addr::from(u32::try_from(start).unwrap_or(u32::MAX)).to_string()
        };
        format!("{address}/{}", width - bits)
    };
    Some((0..count).map(show).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_cut_as_in_the_documentation() {
        let six = cut("192.168.0.0/24", 6, Some(5)).expect("fits");
        assert_eq!(six.first().map(String::as_str), Some("192.168.0.0/27"));
        assert_eq!(six.last().map(String::as_str), Some("192.168.0.160/27"));
        assert_eq!(cut("10.0.0.0/16", 2, None).expect("fits"), ["10.0.0.0/24", "10.0.1.0/24"]);
        assert_eq!(
            cut("2001:db8::/56", 2, Some(64)).expect("fits"),
            ["2001:db8::/64", "2001:db8:0:1::/64"]
        );
    }

    #[test]
    fn what_does_not_fit_is_refused() {
        for (block, count, bits) in
            [("10.0.0.0/24", 9, Some(5)), ("10.0.0.0/24", 1, Some(9)), ("x", 1, None)]
        {
            assert_eq!(cut(block, count, bits), None, "{block} {count}");
        }
        assert_eq!(cut("::/0", 257, Some(8)), None);
        assert_eq!(cut("::/0", 1, Some(128)).map(|blocks| blocks.len()), Some(1));
    }
}
