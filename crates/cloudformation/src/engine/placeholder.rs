//! What stands for a resource of a type that lowcloud lacks, if the user wants that: it has a name
//! and attributes that look right, and nothing behind it.

use cfn_resources::{Context, Deletion, Properties, Provider};
use cfn_template::schema;
use kernel::{ApiError, partition_of};
use serde_json::Value;
use smol_str::{SmolStr, format_smolstr};

/// The provider of a type that has none.
pub(super) struct Placeholder<'a> {
    pub(super) resource_type: &'a str,
}

impl Provider for Placeholder<'_> {
    fn type_name(&self) -> &'static str {
        "placeholder"
    }

    /// The name that the template gives, or a generated one.
    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let names = schema::lookup(self.resource_type).map(|schema| schema.primary_identifier());
        let named = names.unwrap_or_default().iter().find_map(|name| p.text(name));
        Ok(named.unwrap_or_else(|| cx.mixed_name(64).to_lowercase().into()))
    }

    fn update(
        &self,
        _: &mut Context<'_>,
        _: &str,
        _: &Properties,
        _: &Properties,
    ) -> Result<(), ApiError> {
        Ok(())
    }

    fn delete(&self, _: &mut Context<'_>, _: &str, _: &Properties) -> Result<Deletion, ApiError> {
        Ok(Deletion::Done)
    }

    /// An ARN where the name says so, else a text that names the resource.
    fn attribute(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        let schema = schema::lookup(self.resource_type);
        if schema.is_some_and(|schema| !schema.has_attribute(name)) {
            return Ok(None);
        }
        let service = self.resource_type.split("::").nth(1).unwrap_or_default().to_lowercase();
        let (region, account) = (&cx.caller.region, &cx.caller.account);
        let text = match name.ends_with("Arn") {
            true => {
                let partition = partition_of(region);
                format_smolstr!("arn:{partition}:{service}:{region}:{account}:{id}")
            }
            false => format_smolstr!("{id}.{}", name.to_lowercase()),
        };
        Ok(Some(Value::from(text.as_str())))
    }
}
