//! CreateTags, DeleteTags, DescribeTags: the same for every kind of resource.
//!
//! "Tag your Amazon EC2 resources" in the user guide. A new kind of resource is one more line in
//! [`KINDS`].

use crate::dhcp_options::DhcpOptions;
use crate::elastic_ips::Address;
use crate::entity::{Entity, add_tags, page_size};
use crate::instances::Instance;
use crate::internet_gateways::InternetGateway;
use crate::key_pairs::KeyPair;
use crate::launch_templates::LaunchTemplate;
use crate::nat_gateways::NatGateway;
use crate::network_acls::NetworkAcl;
use crate::network_interfaces::NetworkInterface;
use crate::route_tables::RouteTable;
use crate::security_group_rules::SecurityGroupRule;
use crate::security_groups::SecurityGroup;
use crate::snapshots::EbsSnapshot;
use crate::spot::SpotRequest;
use crate::subnets::Subnet;
use crate::tokens::ClientToken;
use crate::volumes::Volume;
use crate::vpcs::Vpc;
use crate::{errors, facts};
use api::ec2::{
    CreateTagsRequest, DeleteTagsRequest, DescribeTagsRequest, DescribeTagsResult, Tag,
    TagDescription,
};
use kernel::{
    ApiError, Caller, FilterRow, Filters, Snapshot, Tags, Tx, is_resource_id, resource,
};
use smol_str::{SmolStr, format_smolstr};

/// Everything that can be tagged.
static KINDS: &[Kind] = &[
    Kind::of::<Address>(),
    Kind::of::<DhcpOptions>(),
    Kind::of::<Instance>(),
    Kind::of::<InternetGateway>(),
    Kind::of::<KeyPair>(),
    Kind::of::<LaunchTemplate>(),
    Kind::of::<NatGateway>(),
    Kind::of::<NetworkAcl>(),
    Kind::of::<NetworkInterface>(),
    Kind::of::<RouteTable>(),
    Kind::of::<SecurityGroup>(),
    Kind::of::<SecurityGroupRule>(),
    Kind::of::<EbsSnapshot>(),
    Kind::of::<SpotRequest>(),
    Kind::of::<Subnet>(),
    Kind::of::<Volume>(),
    Kind::of::<Vpc>(),
];

/// Kinds that AWS has and of which nothing can be made here: prefix, code and noun of the error
/// for their ids.
const ABSENT: [(&str, &str, &str); 2] = [
    ("r-", "InvalidReservationID.NotFound", "reservation"),
    ("vpce-", "InvalidVpcEndpointId.NotFound", "Vpc Endpoint"),
];

/// One request may name this many resources.
const MAX_RESOURCES: usize = 1_000;

/// What tagging needs to know of a kind of resource.
struct Kind {
    name: &'static str,
    prefix: &'static str,
    find: fn(&Snapshot, &str) -> Result<(SmolStr, Tags), ApiError>,
    change: fn(&mut Tx, &str, Tags),
    each: fn(&Snapshot, &mut dyn FnMut(SmolStr, &Tags)),
}

impl Kind {
    const fn of<E: Entity>() -> Self {
        Self {
            name: E::KIND,
            prefix: E::PREFIX,
            find: |snapshot, id| E::find(snapshot, id).map(|row| (row.key(), row.tags().clone())),
            change: |tx, key, tags| {
                tx.update::<E>(key, |row| *row.tags_mut() = tags);
            },
            each: |snapshot, visit| {
                snapshot.rows::<E>().for_each(|row| visit(row.id(), row.tags()));
            },
        }
    }
}

/// A resource whose tags are about to change.
struct Target {
    kind: &'static Kind,
    key: SmolStr,
    tags: Tags,
}

fn target(snapshot: &Snapshot, id: &str) -> Result<Target, ApiError> {
    let Some(kind) = KINDS.iter().find(|kind| is_resource_id(id, kind.prefix)) else {
        return Err(nothing(id));
    };
    let (key, tags) = (kind.find)(snapshot, id)?;
    Ok(Target { kind, key, tags })
}

/// The error for an id of no kind that is here.
fn nothing(id: &str) -> ApiError {
    if is_resource_id(id, "ami-") {
        return errors::image_not_found(id);
    }
    match ABSENT.iter().find(|(prefix, ..)| is_resource_id(id, prefix)) {
        Some((_, code, noun)) => errors::not_found(code, noun, &[id]),
        None => errors::invalid_id(id),
    }
}

fn targets(snapshot: &Snapshot, ids: &[SmolStr]) -> Result<Vec<Target>, ApiError> {
    if ids.is_empty() {
        return Err(errors::missing_parameter("resourceIdSet"));
    }
    if ids.len() > MAX_RESOURCES {
        return Err(errors::invalid_value(format!(
            "The maximum number of resources specified on a single call is {MAX_RESOURCES}"
        )));
    }
    ids.iter().map(|id| target(snapshot, id)).collect()
}

/// Adds tags to all the resources or, when anything is wrong with one, to none.
fn create_tags(tx: &mut Tx, caller: &Caller, input: CreateTagsRequest) -> Result<(), ApiError> {
    if input.tags.is_empty() {
        return Err(errors::missing_parameter("Tag"));
    }
    add_tags(caller, &Tags::default(), &input.tags)?;
    errors::dry_run(input.dry_run)?;
    let mut targets = targets(tx, &input.resources)?;
    for target in &mut targets {
        target.tags = add_tags(caller, &target.tags, &input.tags)?;
    }
    for Target { kind, key, tags } in targets {
        (kind.change)(tx, &key, tags);
    }
    Ok(())
}

/// Removes tags: those with these keys (and values, where given), or all that are the user's.
/// Absent ones do not matter.
fn delete_tags(tx: &mut Tx, caller: &Caller, input: DeleteTagsRequest) -> Result<(), ApiError> {
    let unwanted = input.tags.unwrap_or_default();
    let reserved = |key: &str| key.starts_with("aws:") && caller.invoked_by.is_none();
    for tag in &unwanted {
        match tag.key.as_deref() {
            None | Some("") => return Err(errors::invalid_value("Tag key cannot be empty")),
            Some(key) if reserved(key) => return Err(errors::reserved_tag_key(key)),
            Some(_) => {}
        }
    }
    errors::dry_run(input.dry_run)?;
    let names = |tag: &Tag, key: &str, value: &str| {
        tag.key.as_deref() == Some(key) && tag.value.as_ref().is_none_or(|v| v == value)
    };
    for Target { kind, key, tags } in targets(tx, &input.resources)? {
        let left = tags.without(|key, value| match unwanted.is_empty() {
            true => !reserved(key),
            false => unwanted.iter().any(|tag| names(tag, key, value)),
        });
        if left != tags {
            (kind.change)(tx, &key, left);
        }
    }
    Ok(())
}

/// One tag of one resource.
struct Tagged {
    kind: &'static str,
    id: SmolStr,
    key: SmolStr,
    value: SmolStr,
    /// The same tag, for filters by tag.
    tags: Tags,
}

static FILTERS: &[FilterRow<Tagged>] = &[
    FilterRow { name: "key", values: |t, _, emit| emit(&t.key) },
    FilterRow { name: "resource-id", values: |t, _, emit| emit(&t.id) },
    FilterRow { name: "resource-type", values: |t, _, emit| emit(t.kind) },
    FilterRow { name: "value", values: |t, _, emit| emit(&t.value) },
];

/// Every tag that passes the filters, by kind and resource.
fn describe_tags(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeTagsRequest,
) -> Result<DescribeTagsResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let given = input.filters.as_deref();
    let filters = crate::entity::parse_filters(FILTERS, |t: &Tagged| &t.tags, given)?;
    let limit = page_size(input.max_results)?;
    let mut found = Vec::new();
    for kind in KINDS {
        if filters.exact("resource-type").is_none_or(|name| name == kind.name) {
            collect(snapshot, kind, &filters, &mut found);
        }
    }
    let place = |tagged: &Tagged| {
        format_smolstr!("{} {} {}", tagged.kind, tagged.id, tagged.key)
    };
    found.sort_by_cached_key(place);
    let token = input.next_token.as_deref();
    let page = facts::page("DescribeTags", token, limit, found, place)?;
    let render = |tagged: Tagged| TagDescription {
        key: Some(tagged.key),
        resource_id: Some(tagged.id),
        resource_type: Some(SmolStr::new_static(tagged.kind)),
        value: Some(tagged.value),
    };
    Ok(DescribeTagsResult {
        next_token: page.next,
        tags: Some(page.items.into_iter().map(render).collect()),
    })
}

fn collect(
    snapshot: &Snapshot,
    kind: &'static Kind,
    filters: &Filters<Tagged>,
    found: &mut Vec<Tagged>,
) {
    let mut visit = |id: SmolStr, tags: &Tags| {
        for (key, value) in tags.iter() {
            let tagged = Tagged {
                kind: kind.name,
                id: id.clone(),
                key: key.clone(),
                value: value.clone(),
                tags: [(key.clone(), value.clone())].into_iter().collect(),
            };
            if filters.matches(&tagged, snapshot) {
                found.push(tagged);
            }
        }
    };
    match filters.exact("resource-id") {
        Some(id) if is_resource_id(id, kind.prefix) => {
            if let Ok((_, tags)) = (kind.find)(snapshot, id) {
                visit(id.clone(), &tags);
            }
        }
        Some(_) => {}
        None => (kind.each)(snapshot, &mut visit),
    }
}

resource! { ec2:
    operations {
        write CreateTags => create_tags,
        write DeleteTags => delete_tags,
        read DescribeTags => describe_tags,
    }
    tables { ClientToken }
}
