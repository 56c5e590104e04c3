//! MonitorInstances and UnmonitorInstances, ModifyInstanceMetadataOptions,
//! DescribeInstanceCreditSpecifications.

use super::change::named;
use super::render;
use super::row::{Instance, State};
use crate::entity::{Entity, Query};
use crate::errors;
use api::ec2::{
    DescribeInstanceCreditSpecificationsRequest, DescribeInstanceCreditSpecificationsResult,
    InstanceCreditSpecification, InstanceMonitoring, ModifyInstanceMetadataOptionsRequest,
    ModifyInstanceMetadataOptionsResult, MonitorInstancesRequest, MonitorInstancesResult,
    Monitoring, UnmonitorInstancesRequest, UnmonitorInstancesResult,
};
use kernel::{ApiError, Caller, FilterRow, Snapshot, Tx};
use smol_str::SmolStr;
use std::sync::Arc;

/// Switches detailed monitoring of instances; `answer` is what the call says of those whose
/// setting changed.
fn monitor(
    tx: &mut Tx,
    ids: &[SmolStr],
    wanted: bool,
    answer: &'static str,
) -> Result<Vec<InstanceMonitoring>, ApiError> {
    let rows = named(tx, ids)?;
    if let Some(row) = rows.iter().find(|row| row.state == State::Terminated) {
        return Err(errors::instance_is_gone(&row.id));
    }
    let mut out = Vec::with_capacity(rows.len());
    for row in rows {
        let settled = if wanted { "enabled" } else { "disabled" };
        let state = if row.monitoring == wanted { settled } else { answer };
        if row.monitoring != wanted {
            tx.update::<Instance>(&row.id, |row| row.monitoring = wanted);
        }
        out.push(InstanceMonitoring {
            instance_id: Some(row.id.clone()),
            monitoring: Some(Monitoring {
                state: Some(SmolStr::new_static(state)),
                ..Default::default()
            }),
        });
    }
    Ok(out)
}

pub(super) fn monitor_instances(
    tx: &mut Tx,
    _: &Caller,
    input: MonitorInstancesRequest,
) -> Result<MonitorInstancesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let changed = monitor(tx, &input.instance_ids, true, "pending")?;
    Ok(MonitorInstancesResult { instance_monitorings: Some(changed) })
}

pub(super) fn unmonitor_instances(
    tx: &mut Tx,
    _: &Caller,
    input: UnmonitorInstancesRequest,
) -> Result<UnmonitorInstancesResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let changed = monitor(tx, &input.instance_ids, false, "disabling")?;
    Ok(UnmonitorInstancesResult { instance_monitorings: Some(changed) })
}

/// Changes the options that are given; the others stay.
pub(super) fn modify_instance_metadata_options(
    tx: &mut Tx,
    _: &Caller,
    input: ModifyInstanceMetadataOptionsRequest,
) -> Result<ModifyInstanceMetadataOptionsResult, ApiError> {
    let one_of = |given: &Option<SmolStr>, name: &str, values: [&str; 2]| match given {
        Some(value) if !values.contains(&value.as_str()) => {
            let why = format!("Expecting {} or {}.", values[0], values[1]);
            Err(errors::invalid_parameter(value, name, &why))
        }
        _ => Ok(()),
    };
    one_of(&input.http_tokens, "httpTokens", ["optional", "required"])?;
    one_of(&input.http_endpoint, "httpEndpoint", ["disabled", "enabled"])?;
    one_of(&input.http_protocol_ipv6, "httpProtocolIpv6", ["disabled", "enabled"])?;
    one_of(&input.instance_metadata_tags, "instanceMetadataTags", ["disabled", "enabled"])?;
    let hops = match input.http_put_response_hop_limit {
        Some(hops) if !(1..=64).contains(&hops) => {
            let why = "Expecting a value between 1 and 64.";
            return Err(errors::invalid_parameter(hops, "httpPutResponseHopLimit", why));
        }
        hops => hops.map(|hops| hops as u32),
    };
    errors::dry_run(input.dry_run)?;
    let row = Instance::find(tx, &input.instance_id)?;
    if row.state.is_ending() {
        return Err(errors::instance_is_gone(&row.id));
    }
    let mut row = Instance::clone(&row);
    let options = &mut Arc::make_mut(&mut row.launch).metadata;
    let put = |option: &mut SmolStr, given: Option<SmolStr>| {
        if let Some(value) = given {
            *option = value;
        }
    };
    put(&mut options.http_tokens, input.http_tokens);
    put(&mut options.http_endpoint, input.http_endpoint);
    put(&mut options.http_protocol_ipv6, input.http_protocol_ipv6);
    put(&mut options.instance_metadata_tags, input.instance_metadata_tags);
    options.hop_limit = hops.unwrap_or(options.hop_limit);
    let mut answer = render::metadata_options(&row);
    answer.state = Some(SmolStr::new_static("pending"));
    let instance_id = Some(row.id.clone());
    tx.put(row);
    Ok(ModifyInstanceMetadataOptionsResult {
        instance_id,
        instance_metadata_options: Some(answer),
    })
}

/// `standard` or `unlimited`: what was chosen, else the family's own; none of types without CPU
/// credits.
fn credits(row: &Instance) -> Option<SmolStr> {
    let type_ = catalogue::instance_type(&row.launch.instance_type)?;
    if !type_.burstable {
        return None;
    }
    if !row.launch.cpu_credits.is_empty() {
        return Some(row.launch.cpu_credits.clone());
    }
    let standard = matches!(type_.family(), "t1" | "t2");
    Some(SmolStr::new_static(if standard { "standard" } else { "unlimited" }))
}

static CREDIT_FILTERS: &[FilterRow<Instance>] =
    &[FilterRow { name: "instance-id", values: |i, _, emit| emit(&i.id) }];

/// Of the instances that are named; of none in particular, of those that are `unlimited`.
pub(super) fn describe_instance_credit_specifications(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeInstanceCreditSpecificationsRequest,
) -> Result<DescribeInstanceCreditSpecificationsResult, ApiError> {
    errors::dry_run(input.dry_run)?;
    let ids = input.instance_ids.as_deref().filter(|ids| !ids.is_empty());
    if ids.is_some() && input.max_results.is_some() {
        return Err(errors::cannot_be_used_with("instancesSet", "maxResults"));
    }
    let visible = |row: &Instance| match credits(row) {
        Some(credits) => ids.is_some() || credits == "unlimited",
        None => ids.is_some(),
    };
    let page = Query {
        operation: "DescribeInstanceCreditSpecifications",
        ids,
        filters: input.filters.as_deref(),
        max_results: input.max_results,
        next_token: input.next_token.as_deref(),
    }
    .run_by::<Instance>(snapshot, CREDIT_FILTERS, visible)?;
    let render = |row: &Arc<Instance>| {
        let cpu_credits = credits(row).ok_or_else(|| errors::not_burstable(&row.id))?;
        let instance_id = Some(row.id.clone());
        Ok(InstanceCreditSpecification { instance_id, cpu_credits: Some(cpu_credits) })
    };
    let specifications: Result<Vec<_>, ApiError> = page.items.iter().map(render).collect();
    Ok(DescribeInstanceCreditSpecificationsResult {
        instance_credit_specifications: Some(specifications?),
        next_token: page.next,
    })
}
