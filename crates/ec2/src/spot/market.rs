//! `InstanceMarketOptions` of RunInstances.

use super::row::{SpotRequest, State, Status, new_id};
use crate::errors;
use api::ec2::RunInstancesRequest;
use kernel::{ApiError, Caller, Tags, Timestamp, Tx, to_document};
use serde_json::Value;
use smol_str::SmolStr;
use std::sync::Arc;

/// What a launch on the Spot market is.
#[derive(Clone, Debug)]
pub(crate) enum Market {
    /// The launch of a request that is there already.
    Of(SmolStr),
    /// Each instance gets a request of its own.
    New(Terms),
}

/// What is asked of the market.
#[derive(Clone, Debug)]
pub(crate) struct Terms {
    pub(super) persistent: bool,
    pub(super) max_price: Option<SmolStr>,
    pub(super) interruption: SmolStr,
    pub(super) valid_until: Option<Timestamp>,
    pub(super) launch: Arc<Value>,
    pub(super) tags: Tags,
}

/// Checked terms. Stopping and hibernating need a persistent request.
pub(super) fn terms(
    kind: Option<&str>,
    max_price: Option<&SmolStr>,
    interruption: Option<&str>,
    valid_until: Option<Timestamp>,
) -> Result<Terms, ApiError> {
    let persistent = match kind.unwrap_or("one-time") {
        "one-time" => false,
        "persistent" => true,
        other => {
            return Err(errors::invalid_parameter(
                other,
                "SpotInstanceType",
                "Expecting one-time or persistent.",
            ));
        }
    };
    let interruption = interruption.unwrap_or("terminate");
    if !matches!(interruption, "terminate" | "stop" | "hibernate") {
        return Err(errors::invalid_parameter(
            interruption,
            "InstanceInterruptionBehavior",
            "Expecting terminate, stop or hibernate.",
        ));
    }
    if interruption != "terminate" && !persistent {
        return Err(errors::invalid_combination(format!(
            "The instance interruption behavior '{interruption}' requires a persistent Spot \
             Instance request."
        )));
    }
    let max_price = max_price.filter(|price| !price.is_empty());
    if let Some(price) = max_price
        && !price.parse::<f64>().is_ok_and(|dollars| dollars.is_finite() && dollars > 0.0)
    {
        return Err(errors::invalid_spot_price(price));
    }
    Ok(Terms {
        persistent,
        max_price: max_price.cloned(),
        interruption: interruption.into(),
        valid_until,
        launch: Arc::default(),
        tags: Tags::default(),
    })
}

/// What a RunInstances request says about the market: nothing for On-Demand.
pub(crate) fn market(
    caller: &Caller,
    input: &RunInstancesRequest,
    tags: Tags,
) -> Result<Option<Market>, ApiError> {
    let Some(options) = &input.instance_market_options else { return Ok(None) };
    match options.market_type.as_deref() {
        Some("spot") => {}
        None if options.spot_options.is_none() => return Ok(None),
        None => return Err(errors::missing_parameter("MarketType")),
        Some(other @ ("capacity-block" | "interruptible-capacity-reservation")) => {
            let what = format_args!("RunInstances on the market '{other}'");
            return Err(ApiError::not_implemented(what));
        }
        Some(other) => {
            return Err(errors::invalid_parameter(other, "MarketType", "Expecting spot."));
        }
    }
    let token = input.client_token.as_deref().unwrap_or_default();
    if caller.invoked_by == Some("spot")
        && let Some((request, _)) = token.split_once('/')
    {
        return Ok(Some(Market::Of(request.into())));
    }
    let spot = options.spot_options.clone().unwrap_or_default();
    if spot.block_duration_minutes.is_some() {
        return Err(errors::invalid_value("Spot blocks are no longer offered."));
    }
    let mut terms = terms(
        spot.spot_instance_type.as_deref(),
        spot.max_price.as_ref(),
        spot.instance_interruption_behavior.as_deref(),
        spot.valid_until,
    )?;
    let mut launch = input.clone();
    launch.instance_market_options = None;
    launch.client_token = None;
    terms.launch = Arc::new(to_document(launch));
    terms.tags = tags;
    Ok(Some(Market::New(terms)))
}

/// Notes that an instance was launched on the market, and says by which request.
pub(crate) fn fulfilled(tx: &mut Tx, market: &Market, instance: &SmolStr, zone: &SmolStr) -> SmolStr {
    let mut request = match market {
        Market::Of(id) => match tx.get::<SpotRequest>(id) {
            Some(row) => SpotRequest::clone(&row),
            None => return id.clone(),
        },
        Market::New(terms) => terms.open(tx),
    };
    request.become_(tx, State::Active, Status::Fulfilled);
    request.instance_id = Some(instance.clone());
    request.zone = Some(zone.clone());
    let id = request.id.clone();
    tx.put(request);
    id
}

impl Terms {
    /// A new request with these terms, open.
    pub(super) fn open(&self, tx: &mut Tx) -> SpotRequest {
        SpotRequest {
            id: new_id(tx),
            created_at: tx.now(),
            persistent: self.persistent,
            max_price: self.max_price.clone(),
            interruption: self.interruption.clone(),
            valid_until: self.valid_until,
            state: State::Open,
            status: Status::PendingEvaluation,
            status_at: tx.now(),
            fault: None,
            instance_id: None,
            zone: None,
            launch: self.launch.clone(),
            attempts: 0,
            tags: self.tags.clone(),
        }
    }
}
