//! What a new account has in each region: DHCP options and the default VPC ("Default VPCs" in
//! the VPC user guide).

use crate::{dhcp_options, vpcs};
use kernel::{Caller, Tx};

/// Fills a region that nobody has looked at before.
pub(crate) fn genesis(tx: &mut Tx, _: &Caller) {
    dhcp_options::create_default(tx);
    vpcs::create_default(tx);
}
