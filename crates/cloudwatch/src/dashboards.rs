//! Dashboards: JSON documents of an account, in all regions the same ("Dashboard body structure and
//! syntax", API reference).
//!
//! What is checked is the outer form: widgets, their places and types. The insides of widgets are
//! the console's.

use crate::errors;
use crate::tags;
use api::cloudwatch::{
    DashboardEntry, DeleteDashboardsInput, DeleteDashboardsOutput, GetDashboardInput,
    GetDashboardOutput, ListDashboardsInput, ListDashboardsOutput, PutDashboardInput,
    PutDashboardOutput,
};
use kernel::{ApiError, Caller, Row, Scope, Snapshot, Tags, Timestamp, Tx, paginate, resource};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use smol_str::SmolStr;

/// "You can have up to 500 widgets on a dashboard."
const MAX_WIDGETS: usize = 500;
/// Dashboards of an account are not limited on AWS; here they are, to stay bounded.
const MAX_DASHBOARDS: usize = 10_000;
/// "ListDashboards returns up to 1000 results at one time."
const PAGE: usize = 1_000;
/// Columns of the grid.
const COLUMNS: i64 = 24;
const MAX_HEIGHT: i64 = 1_000;
const TYPES: [&str; 7] = ["metric", "text", "log", "alarm", "explorer", "custom", "trace"];

/// A dashboard.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Dashboard {
    pub(crate) name: SmolStr,
    arn: SmolStr,
    body: SmolStr,
    modified_at: Timestamp,
    pub(crate) tags: Tags,
}

impl Row for Dashboard {
    const TABLE: &'static str = "cloudwatch.dashboards";
    const SCOPE: Scope = Scope::Account;

    fn key(&self) -> SmolStr {
        self.name.clone()
    }
}

resource! { cloudwatch:
    operations {
        write PutDashboard => put_dashboard,
        read GetDashboard => get_dashboard,
        read ListDashboards => list_dashboards,
        write DeleteDashboards => delete_dashboards,
    }
    tables { Dashboard }
}

fn put_dashboard(
    tx: &mut Tx,
    caller: &Caller,
    input: PutDashboardInput,
) -> Result<PutDashboardOutput, ApiError> {
    check_name(&input.dashboard_name)?;
    check_body(&input.dashboard_body)?;
    let tags = tags::checked(input.tags.as_deref().unwrap_or_default())?;
    tags::check_owner(caller, &tags)?;
    let old = tx.get::<Dashboard>(&input.dashboard_name);
    if old.is_none() && tx.count::<Dashboard>() >= MAX_DASHBOARDS {
        return Err(errors::limit_exceeded("The maximum limit of dashboards has been reached."));
    }
    let name = input.dashboard_name;
    tx.put(Dashboard {
        arn: caller.global_arn("cloudwatch", format_args!("dashboard/{name}")),
        name,
        body: input.dashboard_body,
        modified_at: tx.now(),
        // Tags are given to new dashboards; those of existing ones change by TagResource.
        tags: old.map_or(tags, |old| old.tags.clone()),
    });
    Ok(PutDashboardOutput { dashboard_validation_messages: Some(Vec::new()) })
}

fn check_name(name: &str) -> Result<(), ApiError> {
    let is_sound = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    match (1..=255).contains(&name.len()) && name.chars().all(is_sound) {
        true => Ok(()),
        false => Err(errors::invalid_value(format!(
            "The value {name} for field DashboardName contains invalid characters. It can only \
             contain alphanumerics, dash (-) and underscore (_)."
        ))),
    }
}

fn check_body(body: &str) -> Result<(), ApiError> {
    let parsed: Result<Value, _> = serde_json::from_str(body);
    let Some(body) = parsed.ok().filter(Value::is_object) else {
        return Err(errors::invalid_dashboard(
            "The field DashboardBody must be a valid JSON object",
        ));
    };
    let mut problems = Vec::new();
    match body.get("widgets") {
        None => problems.push(("".into(), "Should have required property 'widgets'".into())),
        Some(Value::Array(widgets)) if widgets.len() > MAX_WIDGETS => {
            let message = format!("Should NOT have more than {MAX_WIDGETS} items");
            problems.push(("/widgets".into(), message));
        }
        Some(Value::Array(widgets)) => {
            for (number, widget) in widgets.iter().enumerate() {
                check_widget(&format!("/widgets/{number}"), widget, &mut problems);
            }
        }
        Some(_) => problems.push(("/widgets".into(), "Should be array".into())),
    }
    if problems.is_empty() {
        return Ok(());
    }
    let told: Vec<Value> = problems
        .iter()
        .map(|(path, message): &(String, String)| json!({"dataPath": path, "message": message}))
        .collect();
    let list = serde_json::to_string_pretty(&told).unwrap_or_default();
    Err(errors::invalid_dashboard(format!(
        "The dashboard body is invalid, there are {} validation errors:\n{list}",
        told.len()
    )))
}

fn check_widget(path: &str, widget: &Value, problems: &mut Vec<(String, String)>) {
    let mut fail = |place: &str, message: String| problems.push((format!("{path}{place}"), message));
    if !widget.is_object() {
        return fail("", "Should be object".into());
    }
    match widget.get("type") {
        None => fail("", "Should have required property 'type'".into()),
        Some(Value::String(kind)) if TYPES.contains(&kind.as_str()) => (),
        Some(_) => fail("/type", "Should be equal to one of the allowed values".into()),
    }
    match widget.get("properties") {
        None => fail("", "Should have required property 'properties'".into()),
        Some(properties) if !properties.is_object() => {
            fail("/properties", "Should be object".into());
        }
        Some(properties) => match (widget["type"].as_str(), properties.get("metrics")) {
            (Some("metric"), Some(metrics)) if !metrics.is_array() => {
                fail("/properties/metrics", "Should be array".into());
            }
            (Some("text"), _) if !properties["markdown"].is_string() => {
                fail("/properties", "Should have required property 'markdown'".into());
            }
            _ => (),
        },
    }
    for (member, least, most) in [
        ("x", 0, COLUMNS - 1),
        ("y", 0, i64::MAX),
        ("width", 1, COLUMNS),
        ("height", 1, MAX_HEIGHT),
    ] {
        let place = format!("/{member}");
        match widget.get(member) {
            None => (),
            Some(value) => match value.as_i64() {
                None => fail(&place, "Should be integer".into()),
                Some(value) if value < least => fail(&place, format!("Should be >= {least}")),
                Some(value) if value > most => fail(&place, format!("Should be <= {most}")),
                Some(_) => (),
            },
        }
    }
}

fn get_dashboard(
    snapshot: &Snapshot,
    _: &Caller,
    input: GetDashboardInput,
) -> Result<GetDashboardOutput, ApiError> {
    let row = snapshot
        .get::<Dashboard>(&input.dashboard_name)
        .ok_or_else(|| errors::dashboard_not_found(&input.dashboard_name))?;
    Ok(GetDashboardOutput {
        dashboard_arn: Some(row.arn.clone()),
        dashboard_body: Some(row.body.clone()),
        dashboard_name: Some(row.name.clone()),
    })
}

fn list_dashboards(
    snapshot: &Snapshot,
    _: &Caller,
    input: ListDashboardsInput,
) -> Result<ListDashboardsOutput, ApiError> {
    let prefix = input.dashboard_name_prefix.unwrap_or_default();
    let page = paginate(
        "ListDashboards",
        input.next_token.as_deref(),
        PAGE,
        |after| {
            let rows = snapshot.rows_after::<Dashboard>(after);
            rows.filter(|row| row.name.starts_with(prefix.as_str()))
        },
        |row| row.key(),
    )
    .map_err(|_| errors::invalid_next_token())?;
    let entry = |row: &std::sync::Arc<Dashboard>| DashboardEntry {
        dashboard_name: Some(row.name.clone()),
        dashboard_arn: Some(row.arn.clone()),
        last_modified: Some(row.modified_at),
        size: Some(row.body.len() as i64),
    };
    Ok(ListDashboardsOutput {
        dashboard_entries: Some(page.items.into_iter().map(entry).collect()),
        next_token: page.next,
    })
}

/// "If you specify a dashboard name that does not exist, no dashboards are deleted."
fn delete_dashboards(
    tx: &mut Tx,
    _: &Caller,
    input: DeleteDashboardsInput,
) -> Result<DeleteDashboardsOutput, ApiError> {
    if let Some(unknown) = input.dashboard_names.iter().find(|n| !tx.contains::<Dashboard>(n)) {
        return Err(errors::dashboard_not_found(unknown));
    }
    for name in &input.dashboard_names {
        tx.remove::<Dashboard>(name);
    }
    Ok(DeleteDashboardsOutput {})
}
