//! IPv4 and IPv6 blocks.

use serde::{Deserialize, Serialize};
use std::fmt;
use std::net::{Ipv4Addr, Ipv6Addr};

/// A block such as `10.0.0.0/16`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Cidr {
    /// The first address.
    pub(crate) base: u32,
    /// Number of leading bits, 0 to 32.
    pub(crate) prefix: u8,
}

impl Cidr {
    /// Reads `a.b.c.d/n`; bits beyond the prefix are cleared, as EC2 does.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let prefix: u8 = prefix.parse().ok().filter(|p| *p <= 32)?;
        let address: Ipv4Addr = address.parse().ok()?;
        Some(Self { base: address.to_bits() & Self::mask(prefix), prefix })
    }

    fn mask(prefix: u8) -> u32 {
        u32::MAX.checked_shl(32 - u32::from(prefix)).unwrap_or(0)
    }

    pub(crate) fn contains(&self, address: Ipv4Addr) -> bool {
        address.to_bits() & Self::mask(self.prefix) == self.base
    }

    /// Whether all of `other` lies in this block.
    pub(crate) fn covers(&self, other: &Self) -> bool {
        self.prefix <= other.prefix && other.base & Self::mask(self.prefix) == self.base
    }

    pub(crate) fn overlaps(&self, other: &Self) -> bool {
        self.covers(other) || other.covers(self)
    }
}

impl fmt::Display for Cidr {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", Ipv4Addr::from_bits(self.base), self.prefix)
    }
}

/// A block such as `2001:db8::/32`, or `::/0`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(crate) struct Cidr6 {
    /// The first address.
    base: Ipv6Addr,
    /// Number of leading bits, 0 to 128.
    prefix: u8,
}

impl Cidr6 {
    /// Reads `address/n`; bits beyond the prefix are cleared, as EC2 does.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (address, prefix) = text.split_once('/')?;
        let prefix: u8 = prefix.parse().ok().filter(|p| *p <= 128)?;
        let address: Ipv6Addr = address.parse().ok()?;
        let mask = u128::MAX.checked_shl(128 - u32::from(prefix)).unwrap_or(0);
        Some(Self { base: Ipv6Addr::from_bits(address.to_bits() & mask), prefix })
    }
}

impl fmt::Display for Cidr6 {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.base, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blocks_are_read_and_compared() {
        let parse = |text| Cidr::parse(text).expect("a block");
        assert_eq!(parse("10.0.17.3/20").to_string(), "10.0.16.0/20");
        assert!(parse("10.0.0.0/16").covers(&parse("10.0.32.0/20")));
        assert!(!parse("10.0.0.0/20").overlaps(&parse("10.0.16.0/20")));
        assert!(parse("0.0.0.0/0").covers(&parse("255.255.255.255/32")));
        for text in ["10.0.0.0", "10.0.0.0/33", "10.0.0/16", "x/8", "10.0.0.0/-1"] {
            assert_eq!(Cidr::parse(text), None, "{text}");
        }
    }

    #[test]
    fn ipv6_blocks_are_made_canonical() {
        let show = |text| Cidr6::parse(text).map(|c| c.to_string());
        assert_eq!(show("::/0").as_deref(), Some("::/0"));
        assert_eq!(show("2001:DB8:0:1::1/48").as_deref(), Some("2001:db8::/48"));
        assert_eq!(show("::/129"), None);
        assert_eq!(show("10.0.0.0/8"), None);
    }
}
