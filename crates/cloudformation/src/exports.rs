//! Exports: outputs that other stacks import by name.

use crate::errors;
use crate::stacks::Stack;
use api::cloudformation as wire;
use kernel::{ApiError, Caller, Row, Snapshot, paginate, resource};
use serde::{Deserialize, Serialize};
use smol_str::SmolStr;

resource! { cloudformation:
    operations { read ListExports => list_exports, read ListImports => list_imports }
    tables { Export }
}

/// Names on one page.
const PAGE: usize = 100;

/// An exported output.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Export {
    pub(crate) name: SmolStr,
    /// The exporting stack's ARN.
    pub(crate) stack_id: SmolStr,
    pub(crate) value: SmolStr,
}

impl Row for Export {
    const TABLE: &'static str = "cloudformation.exports";

    fn key(&self) -> SmolStr {
        self.name.clone()
    }
}

/// The name of a stack that imports this export.
pub(crate) fn importer(snapshot: &Snapshot, export: &str) -> Option<SmolStr> {
    snapshot.rows_by::<Stack>("import", export).next().map(|stack| stack.name.clone())
}

fn list_exports(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::ListExportsInput,
) -> Result<wire::ListExportsOutput, ApiError> {
    let page = paginate(
        "ListExports",
        input.next_token.as_deref(),
        PAGE,
        |after| snapshot.rows_after::<Export>(after),
        |export| export.key(),
    )
    .map_err(|_| errors::invalid_next_token())?;
    let exports = page.items.iter().map(|export| wire::Export {
        exporting_stack_id: Some(export.stack_id.clone()),
        name: Some(export.name.clone()),
        value: Some(export.value.clone()),
    });
    Ok(wire::ListExportsOutput { exports: Some(exports.collect()), next_token: page.next })
}

fn list_imports(
    snapshot: &Snapshot,
    _: &Caller,
    input: wire::ListImportsInput,
) -> Result<wire::ListImportsOutput, ApiError> {
    let name = &input.export_name;
    if !snapshot.contains::<Export>(name) {
        return Err(errors::validation(format!("Export '{name}' does not exist")));
    }
    let mut names: Vec<SmolStr> =
        snapshot.rows_by::<Stack>("import", name).map(|stack| stack.name.clone()).collect();
    if names.is_empty() {
        return Err(errors::validation(format!("Export '{name}' is not imported by any stack.")));
    }
    names.sort();
    let page = paginate(
        "ListImports",
        input.next_token.as_deref(),
        PAGE,
        |after| {
            let after = SmolStr::new(after);
            names.into_iter().filter(move |name| *name > after)
        },
        Clone::clone,
    )
    .map_err(|_| errors::invalid_next_token())?;
    Ok(wire::ListImportsOutput { imports: Some(page.items), next_token: page.next })
}
