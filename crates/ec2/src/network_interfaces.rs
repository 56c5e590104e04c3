//! Elastic network interfaces.

use crate::entity::Entity;
use crate::security_groups::GroupRef;
use crate::subnets::Subnet;
use crate::{addresses, errors};
use kernel::{ApiError, FilterRow, IndexSink, Row, Tags, Timestamp, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::{SmolStr, format_smolstr};
use std::net::Ipv4Addr;
use std::sync::Arc;

/// A network interface.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct NetworkInterface {
    pub(crate) id: SmolStr,
    pub(crate) vpc_id: SmolStr,
    pub(crate) subnet_id: SmolStr,
    pub(crate) zone: SmolStr,
    pub(crate) description: SmolStr,
    pub(crate) groups: Arc<[GroupRef]>,
    /// 48 bits.
    pub(crate) mac: u64,
    pub(crate) private_ip: Ipv4Addr,
    pub(crate) public_ip: Option<Ipv4Addr>,
    pub(crate) source_dest_check: bool,
    pub(crate) attachment: Option<Attachment>,
    pub(crate) tags: Tags,
}

/// What an interface is attached to.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attachment {
    /// `eni-attach-…`
    pub(crate) id: SmolStr,
    pub(crate) instance_id: SmolStr,
    pub(crate) device_index: u32,
    pub(crate) attached_at: Timestamp,
    pub(crate) delete_on_termination: bool,
}

impl NetworkInterface {
    /// `02:…` in the usual spelling.
    pub(crate) fn mac_text(&self) -> SmolStr {
        let b = self.mac.to_be_bytes();
        format_smolstr!("{:02x}:{:02x}:{:02x}:{:02x}:{:02x}:{:02x}", b[2], b[3], b[4], b[5], b[6], b[7])
    }
}

impl Row for NetworkInterface {
    const TABLE: &'static str = "ec2.network-interfaces";
    const INDEXES: &'static [&'static str] = &["subnet", "group", "instance", "tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        sink.put("subnet", self.subnet_id.clone());
        self.groups.iter().for_each(|group| sink.put("group", group.id.clone()));
        if let Some(attachment) = &self.attachment {
            sink.put("instance", attachment.instance_id.clone());
        }
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Entity for NetworkInterface {
    const KIND: &'static str = "network-interface";
    const PREFIX: &'static str = "eni-";
    const FILTERS: &'static [FilterRow<Self>] = &[
        FilterRow { name: "network-interface-id", values: |i, _, emit| emit(&i.id) },
        FilterRow { name: "subnet-id", values: |i, _, emit| emit(&i.subnet_id) },
        FilterRow { name: "vpc-id", values: |i, _, emit| emit(&i.vpc_id) },
    ];

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::not_found("InvalidNetworkInterfaceID.NotFound", "networkInterface", ids)
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidNetworkInterfaceId.Malformed", id, Self::PREFIX)
    }
}

/// A public address out of Amazon's ranges.
pub(crate) fn public_address(tx: &mut Tx) -> Ipv4Addr {
    const HEADS: [u8; 6] = [3, 13, 18, 34, 52, 54];
    let bits = tx.random().bits();
    let [a, b, c, d, ..] = bits.to_be_bytes();
    Ipv4Addr::new(HEADS[usize::from(a) % HEADS.len()], b.max(1), c, d.clamp(1, 254))
}

/// A new interface, unattached, in a subnet.
pub(crate) fn create(
    tx: &mut Tx,
    subnet: &Subnet,
    groups: Arc<[GroupRef]>,
    private_ip: Option<Ipv4Addr>,
) -> Result<NetworkInterface, ApiError> {
    let private_ip = match private_ip {
        Some(wanted) => {
            addresses::claim(tx, subnet, wanted)?;
            wanted
        }
        None => addresses::allocate(tx, subnet)?,
    };
    // Locally administered, unicast: 02, 06 or 0a in front, as recorded.
    let bits = tx.random().bits();
    let head = [0x02, 0x06, 0x0a][(bits >> 60) as usize % 3];
    Ok(NetworkInterface {
        id: tx.new_id("eni-"),
        vpc_id: subnet.vpc_id.clone(),
        subnet_id: subnet.id.clone(),
        zone: subnet.zone.clone(),
        description: SmolStr::default(),
        groups,
        mac: head << 40 | bits & 0xff_ffff_ffff,
        private_ip,
        public_ip: None,
        source_dest_check: true,
        attachment: None,
        tags: Tags::default(),
    })
}

resource! { ec2: tables { NetworkInterface } }
