//! Dashboards and pictures of widgets.

use crate::harness::Watched;
use api::cloudwatch::{self as cw, ops};
use serde_json::json;
use smol_str::SmolStr;

fn put(name: &str, body: &str) -> cw::PutDashboardInput {
    cw::PutDashboardInput { dashboard_name: name.into(), dashboard_body: body.into(), tags: None }
}

#[test]
fn a_dashboard_is_kept_as_it_was_put() {
    let cloud = Watched::new();
    let body = r#"{ "widgets": [{"type":"text", "properties":{"markdown":"hello"}}] }"#;
    let answer = cloud.ok::<ops::PutDashboard>(put("d", body));
    assert_eq!(answer.dashboard_validation_messages, Some(Vec::new()));
    let input = cw::GetDashboardInput { dashboard_name: "d".into() };
    let found = cloud.ok::<ops::GetDashboard>(input);
    assert_eq!(found.dashboard_body.as_deref(), Some(body));
    let arn = "arn:aws:cloudwatch::123456789012:dashboard/d";
    assert_eq!(found.dashboard_arn.as_deref(), Some(arn));
    let list = cloud.ok::<ops::ListDashboards>(cw::ListDashboardsInput::default());
    let entry = &list.dashboard_entries.expect("a list")[0];
    assert_eq!((entry.size, entry.last_modified), (Some(body.len() as i64), Some(cloud.now())));
}

#[test]
fn a_body_that_is_no_dashboard_is_refused_with_all_that_is_wrong() {
    let cloud = Watched::new();
    let text = "The field DashboardBody must be a valid JSON object";
    for body in ["", "{", "[]", "1"] {
        cloud.fails::<ops::PutDashboard>(put("d", body), "InvalidParameterInput", text);
    }
    let body = json!({ "widgets": [{ "type": "nothing", "width": 25 }] }).to_string();
    let error = cloud.call::<ops::PutDashboard>(put("d", &body)).expect_err("it is refused");
    assert!(
        error.message.starts_with("The dashboard body is invalid, there are 3 validation errors:")
    );
    cloud.refuses::<ops::PutDashboard>(put("a b", "{\"widgets\":[]}"), "InvalidParameterValue");
    cloud.refuses::<ops::PutDashboard>(put("d", "{}"), "InvalidParameterInput");
    assert_eq!(cloud.rows("cloudwatch.dashboards"), 0);
}

#[test]
fn dashboards_are_deleted_together_or_not_at_all() {
    let cloud = Watched::new();
    for name in ["a", "b"] {
        cloud.ok::<ops::PutDashboard>(put(name, "{\"widgets\":[]}"));
    }
    let delete = |names: &[&str]| cw::DeleteDashboardsInput {
        dashboard_names: names.iter().copied().map(SmolStr::new).collect(),
    };
    cloud.refuses::<ops::DeleteDashboards>(delete(&["a", "no"]), "ResourceNotFound");
    assert_eq!(cloud.rows("cloudwatch.dashboards"), 2);
    cloud.ok::<ops::DeleteDashboards>(delete(&["a", "b"]));
    let gone = cw::GetDashboardInput { dashboard_name: "a".into() };
    cloud.refuses::<ops::GetDashboard>(gone, "ResourceNotFound");
}

#[test]
fn a_widget_is_drawn_as_a_picture() {
    let cloud = Watched::new();
    for minutes in 0..30 {
        cloud.put_ago(minutes * 60, (minutes % 7) as f64);
    }
    let picture = |widget: serde_json::Value| {
        let input = cw::GetMetricWidgetImageInput {
            metric_widget: widget.to_string().into(),
            output_format: None,
        };
        cloud
            .call::<ops::GetMetricWidgetImage>(input)
            .map(|o| o.metric_widget_image.expect("bytes"))
    };
    let widget = |width: i64, height: i64| {
        json!({
            "metrics": [["Test", "m", { "id": "m", "label": "values ${MAX}" }], [{ "expression": "m * 2" }]],
            "width": width, "height": height, "period": 60, "title": "A picture", "stacked": true,
            "annotations": { "horizontal": [{ "value": 3, "label": "limit" }] },
        })
    };
    let image = picture(widget(320, 200)).expect("a picture");
    assert_eq!(&image[..8], b"\x89PNG\r\n\x1a\n");
    assert_eq!(&image[16..24], [0, 0, 1, 64, 0, 0, 0, 200]);
    assert!(image.len() > 500);
    for (width, height) in [(1, 1), (1, 2_000), (2_000, 1)] {
        picture(widget(width, height)).expect("a picture, however small");
    }
    for bad in [
        json!([]),
        json!({}),
        json!({ "metrics": [] }),
        json!({ "metrics": [["A"]] }),
        widget(0, 1),
    ] {
        assert_eq!(picture(bad).expect_err("it is refused").code, "ValidationError");
    }
    let pie = json!({ "metrics": [["Test", "m"]], "view": "pie" });
    assert_eq!(picture(pie).expect_err("it is refused").code, "NotImplemented");
}
