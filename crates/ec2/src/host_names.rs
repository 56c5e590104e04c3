//! Addresses as text, and the host names that are made of them.
//!
//! "Amazon EC2 instance hostname types" in the user guide. A page of a thousand instances holds
//! several thousand of these, so they are put together from bytes rather than formatted.

use kernel::dns_suffix;
use smol_str::{SmolStr, format_smolstr};
use std::net::Ipv4Addr;

/// What private host names of a region end with.
pub(crate) fn private_domain(region: &str) -> SmolStr {
    match region {
        "us-east-1" => SmolStr::new_static("ec2.internal"),
        _ => format_smolstr!("{region}.compute.internal"),
    }
}

/// What public host names of a region end with.
fn public_domain(region: &str) -> SmolStr {
    match region {
        "us-east-1" => SmolStr::new_static("compute-1.amazonaws.com"),
        _ => format_smolstr!("{region}.compute.{}", dns_suffix(region)),
    }
}

/// The host names that one region gives out.
#[derive(Debug)]
pub(crate) struct HostNames {
    private_domain: SmolStr,
    public_domain: SmolStr,
}

impl HostNames {
    /// Those of a region.
    pub(crate) fn of(region: &str) -> Self {
        Self { private_domain: private_domain(region), public_domain: public_domain(region) }
    }

    /// `ip-10-0-32-4.us-west-1.compute.internal`
    pub(crate) fn private(&self, ip: Ipv4Addr) -> SmolStr {
        ["ip-", Octets::of(ip, b'-').text(), ".", &self.private_domain].concat().into()
    }

    /// `ec2-52-1-2-3.us-west-1.compute.amazonaws.com`
    pub(crate) fn public(&self, ip: Ipv4Addr) -> SmolStr {
        ["ec2-", Octets::of(ip, b'-').text(), ".", &self.public_domain].concat().into()
    }

    /// `i-0123456789abcdef0.us-west-1.compute.internal`, the name after the resource.
    pub(crate) fn of_resource(&self, id: &str) -> SmolStr {
        [id, ".", &self.private_domain].concat().into()
    }
}

/// An address in its usual spelling.
pub(crate) fn ip_text(ip: Ipv4Addr) -> SmolStr {
    SmolStr::new(Octets::of(ip, b'.').text())
}

/// The lower 48 bits as a MAC address: `02:…`.
pub(crate) fn mac_text(mac: u64) -> SmolStr {
    const DIGITS: &[u8; 16] = b"0123456789abcdef";
    let mut text = [b':'; 17];
    for (place, byte) in text.chunks_mut(3).zip(&mac.to_be_bytes()[2..]) {
        place[0] = DIGITS[usize::from(byte >> 4)];
        place[1] = DIGITS[usize::from(byte & 0xf)];
    }
    SmolStr::new(ascii(&text))
}

/// The four numbers of an address with something between them.
struct Octets {
    bytes: [u8; 15],
    length: usize,
}

impl Octets {
    fn of(ip: Ipv4Addr, separator: u8) -> Self {
        let mut text = Self { bytes: [0; 15], length: 0 };
        for (place, octet) in ip.octets().into_iter().enumerate() {
            if place > 0 {
                text.push(separator);
            }
            if octet >= 100 {
                text.push(b'0' + octet / 100);
            }
            if octet >= 10 {
                text.push(b'0' + octet / 10 % 10);
            }
            text.push(b'0' + octet % 10);
        }
        text
    }

    fn push(&mut self, byte: u8) {
        self.bytes[self.length] = byte;
        self.length += 1;
    }

    fn text(&self) -> &str {
        ascii(&self.bytes[..self.length])
    }
}

fn ascii(bytes: &[u8]) -> &str {
    std::str::from_utf8(bytes).expect("digits and separators are ASCII")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_spelled_as_the_library_spells_them() {
        for ip in [[0, 0, 0, 0], [10, 0, 32, 4], [255, 255, 255, 255], [9, 99, 100, 210]] {
            let ip = Ipv4Addr::from(ip);
            assert_eq!(ip_text(ip), ip.to_string());
        }
        assert_eq!(mac_text(0x0a1b_2c3d_4ef0), "0a:1b:2c:3d:4e:f0");
    }

    #[test]
    fn host_names_follow_their_region() {
        let ip = Ipv4Addr::new(10, 0, 32, 4);
        for (region, private, public) in [
            ("us-east-1", "ip-10-0-32-4.ec2.internal", "ec2-10-0-32-4.compute-1.amazonaws.com"),
            (
                "us-west-1",
                "ip-10-0-32-4.us-west-1.compute.internal",
                "ec2-10-0-32-4.us-west-1.compute.amazonaws.com",
            ),
            (
                "cn-north-1",
                "ip-10-0-32-4.cn-north-1.compute.internal",
                "ec2-10-0-32-4.cn-north-1.compute.amazonaws.com.cn",
            ),
        ] {
            let names = HostNames::of(region);
            assert_eq!((&*names.private(ip), &*names.public(ip)), (private, public));
        }
        assert_eq!(HostNames::of("us-east-1").of_resource("i-1"), "i-1.ec2.internal");
    }
}
