//! Sets of DHCP options.
//!
//! Every account has one in each region that names Amazon's DNS ("DHCP option sets in Amazon
//! VPC"); all VPCs use it.

use crate::entity::{Entity, Query, render_tag_list};
use crate::{errors, host_names};
use api::ec2::{
    AttributeValue, DescribeDhcpOptionsRequest, DescribeDhcpOptionsResult, DhcpConfiguration,
};
use kernel::{ApiError, Caller, FilterRow, IndexSink, Row, Snapshot, Tags, Tx, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

/// A set of DHCP options.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct DhcpOptions {
    pub(crate) id: SmolStr,
    /// Key and values of each option.
    options: Vec<(SmolStr, Vec<SmolStr>)>,
    /// Whether new VPCs use it.
    is_default: bool,
    tags: Tags,
}

impl Row for DhcpOptions {
    const TABLE: &'static str = "ec2.dhcp-options";
    const INDEXES: &'static [&'static str] = &["tag"];

    fn key(&self) -> SmolStr {
        self.id.clone()
    }

    fn index(&self, sink: &mut IndexSink) {
        self.tags.index_values().for_each(|tag| sink.put("tag", tag));
    }
}

impl Entity for DhcpOptions {
    const KIND: &'static str = "dhcp-options";
    const PREFIX: &'static str = "dopt-";
    const FILTERS: &'static [FilterRow<Self>] = &[
        FilterRow { name: "dhcp-options-id", values: |d, _, emit| emit(&d.id) },
        FilterRow {
            name: "key",
            values: |d, _, emit| d.options.iter().for_each(|(key, _)| emit(key)),
        },
        FilterRow { name: "owner-id", values: |_, s, emit| emit(s.account()) },
        FilterRow {
            name: "value",
            values: |d, _, emit| d.options.iter().flat_map(|(_, v)| v).for_each(|v| emit(v)),
        },
    ];

    fn tags(&self) -> &Tags {
        &self.tags
    }

    fn tags_mut(&mut self) -> &mut Tags {
        &mut self.tags
    }

    fn not_found(ids: &[&str]) -> ApiError {
        errors::not_found("InvalidDhcpOptionID.NotFound", "dhcpOption", ids)
    }

    fn malformed(id: &str) -> ApiError {
        errors::malformed("InvalidDhcpOptionsId.Malformed", id, Self::PREFIX)
    }
}

/// The id of the set that new VPCs use.
pub(crate) fn default_set(snapshot: &Snapshot) -> SmolStr {
    snapshot
        .rows::<DhcpOptions>()
        .find(|set| set.is_default)
        .map_or(SmolStr::new_static("default"), |set| set.id.clone())
}

/// The set that a new account has in a region.
pub(crate) fn create_default(tx: &mut Tx) {
    let domain = host_names::private_domain(tx.region());
    let option = |key, value| (SmolStr::new_static(key), vec![value]);
    let options = vec![
        option("domain-name", domain),
        option("domain-name-servers", SmolStr::new_static("AmazonProvidedDNS")),
    ];
    let id = tx.new_id("dopt-");
    tx.put(DhcpOptions { id, options, is_default: true, tags: Tags::default() });
}

fn describe_dhcp_options(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeDhcpOptionsRequest,
) -> Result<DescribeDhcpOptionsResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let page = Query {
        operation: "DescribeDhcpOptions",
        ids: input.dhcp_options_ids.as_deref(),
        filters: input.filters.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run::<DhcpOptions>(snapshot)?;
    let items = page.items.iter().map(|row| render(snapshot, row)).collect();
    Ok(DescribeDhcpOptionsResult { next_token: page.next, dhcp_options: Some(items) })
}

fn render(snapshot: &Snapshot, row: &DhcpOptions) -> api::ec2::DhcpOptions {
    let option = |(key, values): &(SmolStr, Vec<SmolStr>)| DhcpConfiguration {
        key: Some(key.clone()),
        values: Some(values.iter().map(|v| AttributeValue { value: Some(v.clone()) }).collect()),
    };
    api::ec2::DhcpOptions {
        owner_id: Some(snapshot.account().clone()),
        tags: render_tag_list(&row.tags),
        dhcp_options_id: Some(row.id.clone()),
        dhcp_configurations: Some(row.options.iter().map(option).collect()),
    }
}

resource! { ec2:
    operations { read DescribeDhcpOptions => describe_dhcp_options }
    tables { DhcpOptions }
}
