//! What a target group serves, for the load that lowcloud simulates.

use crate::target_groups::{TargetGroup, serving};
use crate::targets::Target;
use crate::targets::health::State;
use kernel::{ApiError, Caller, Tx, resource};
use serde_json::{Value, json};

resource! { elbv2:
    controls { internal "elbv2.serving" => answer }
}

/// `{"targetGroupArn"}` → the group's load balancer and its targets, as metrics name them.
fn answer(tx: &mut Tx, _: &Caller, request: &Value) -> Result<Value, ApiError> {
    let arn = request["targetGroupArn"].as_str().unwrap_or_default();
    let group = TargetGroup::find(tx, arn)?;
    let (mut healthy, mut unhealthy, mut total) = (Vec::new(), 0, 0);
    for row in tx.rows_by::<Target>("group", arn) {
        total += 1;
        match row.state {
            State::Healthy | State::Unavailable => {
                healthy.push(json!({ "id": row.id, "port": row.port, "zone": row.place }));
            }
            State::Unhealthy(_) => unhealthy += 1,
            _ => {}
        }
    }
    Ok(json!({
        "loadBalancerName": serving(tx, arn).map(|row| row.path().to_owned()),
        "targetGroupName": group.path(),
        "healthy": healthy,
        "unhealthy": unhealthy,
        "total": total,
    }))
}
