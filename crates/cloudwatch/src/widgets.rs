//! GetMetricWidgetImage: a snapshot graph of metrics as a PNG ("Metric widget structure and
//! syntax", API reference).
//!
//! Lines over time are drawn; other views, and annotations of other kinds than horizontal ones,
//! are refused by name. The picture is our own: AWS's cannot be had to the pixel.

mod canvas;
mod chart;
mod definition;
mod font;
mod png;

use crate::errors;
use crate::labels;
use crate::queries::{Answers, Window};
use api::cloudwatch::{GetMetricWidgetImageInput, GetMetricWidgetImageOutput};
use kernel::{ApiError, Caller, Snapshot, Timestamp, resource};

resource! { cloudwatch:
    operations {
        read GetMetricWidgetImage => get_metric_widget_image,
    }
}

fn get_metric_widget_image(
    snapshot: &Snapshot,
    _: &Caller,
    input: GetMetricWidgetImageInput,
) -> Result<GetMetricWidgetImageOutput, ApiError> {
    // "png": in the answer's XML or JSON. "image/png" asks for the bare picture over HTTP, which
    // no SDK can read.
    match input.output_format.as_deref() {
        None | Some("png") => (),
        Some("image/png") => {
            return Err(ApiError::not_implemented(
                "cloudwatch:GetMetricWidgetImage with OutputFormat image/png",
            ));
        }
        Some(other) => return Err(errors::bad_parameter(other, "OutputFormat")),
    }
    let widget = definition::Widget::parse(&input.metric_widget, snapshot.now())?;
    let window = Window { from: widget.from, to: widget.to, origin: Timestamp(0) };
    let answers = Answers::new(snapshot, &widget.queries, window);
    let mut lines = Vec::new();
    for query in widget.queries.iter().filter(|query| query.returns_data()) {
        let found = answers.lines(query).map_err(|what| {
            errors::validation(format!("Error in expression '{}': {what}", query.id))
        })?;
        let is_many = found.len() != 1;
        for line in found {
            let label = labels::label(query, &line, &widget.queries, is_many, widget.offset);
            lines.push(chart::Drawn { label, points: line.points });
        }
    }
    let image = png::encode(&chart::draw(&widget, &lines));
    Ok(GetMetricWidgetImageOutput { metric_widget_image: Some(image.into()) })
}
