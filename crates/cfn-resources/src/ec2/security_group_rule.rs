//! `AWS::EC2::SecurityGroupIngress` and `AWS::EC2::SecurityGroupEgress`: a rule by itself.

use super::rules::{Direction, permission};
use crate::{Context, Deletion, Properties, Provider};
use api::ec2::{self, SecurityGroupRule as Wire, ops};
use kernel::ApiError;
use serde_json::{Value, json};
use smol_str::SmolStr;

/// Both types are one, but for the direction.
pub(crate) struct SecurityGroupRule(Direction);

#[expect(non_upper_case_globals, reason = "they stand for types, as the other providers do")]
pub(crate) const Ingress: SecurityGroupRule = SecurityGroupRule(Direction::Ingress);
#[expect(non_upper_case_globals, reason = "they stand for types, as the other providers do")]
pub(crate) const Egress: SecurityGroupRule = SecurityGroupRule(Direction::Egress);

impl SecurityGroupRule {
    fn authorize(&self, cx: &mut Context<'_>, p: &Properties) -> Result<Vec<Wire>, ApiError> {
        let permissions = Some(vec![permission(p, self.0)]);
        match self.0 {
            Direction::Ingress => {
                let input = ec2::AuthorizeSecurityGroupIngressRequest {
                    group_id: p.text("GroupId"),
                    group_name: p.text("GroupName"),
                    ip_permissions: permissions,
                    ..Default::default()
                };
                let made = cx.call::<ops::AuthorizeSecurityGroupIngress>(input)?;
                Ok(made.security_group_rules.unwrap_or_default())
            }
            Direction::Egress => {
                let input = ec2::AuthorizeSecurityGroupEgressRequest {
                    group_id: p.text_or_empty("GroupId"),
                    ip_permissions: permissions,
                    ..Default::default()
                };
                let made = cx.call::<ops::AuthorizeSecurityGroupEgress>(input)?;
                Ok(made.security_group_rules.unwrap_or_default())
            }
        }
    }
}

impl Provider for SecurityGroupRule {
    fn type_name(&self) -> &'static str {
        match self.0 {
            Direction::Ingress => "AWS::EC2::SecurityGroupIngress",
            Direction::Egress => "AWS::EC2::SecurityGroupEgress",
        }
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        let made = self.authorize(cx, p)?;
        Ok(made.into_iter().next().and_then(|r| r.security_group_rule_id).unwrap_or_default())
    }

    /// Only the description changes in place.
    fn update(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        _: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let description = ec2::SecurityGroupRuleDescription {
            security_group_rule_id: Some(id.into()),
            description: new.text("Description"),
        };
        let descriptions = Some(vec![description]);
        match self.0 {
            Direction::Ingress => {
                let input = ec2::UpdateSecurityGroupRuleDescriptionsIngressRequest {
                    group_id: new.text("GroupId"),
                    group_name: new.text("GroupName"),
                    security_group_rule_descriptions: descriptions,
                    ..Default::default()
                };
                cx.call::<ops::UpdateSecurityGroupRuleDescriptionsIngress>(input).map(|_| ())
            }
            Direction::Egress => {
                let input = ec2::UpdateSecurityGroupRuleDescriptionsEgressRequest {
                    group_id: new.text("GroupId"),
                    security_group_rule_descriptions: descriptions,
                    ..Default::default()
                };
                cx.call::<ops::UpdateSecurityGroupRuleDescriptionsEgress>(input).map(|_| ())
            }
        }
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        id: &str,
        p: &Properties,
    ) -> Result<Deletion, ApiError> {
        let ids = Some(vec![SmolStr::new(id)]);
        match self.0 {
            Direction::Ingress => {
                let input = ec2::RevokeSecurityGroupIngressRequest {
                    group_id: p.text("GroupId"),
                    group_name: p.text("GroupName"),
                    security_group_rule_ids: ids,
                    ..Default::default()
                };
                cx.call::<ops::RevokeSecurityGroupIngress>(input)?;
            }
            Direction::Egress => {
                let input = ec2::RevokeSecurityGroupEgressRequest {
                    group_id: p.text_or_empty("GroupId"),
                    security_group_rule_ids: ids,
                    ..Default::default()
                };
                cx.call::<ops::RevokeSecurityGroupEgress>(input)?;
            }
        }
        Ok(Deletion::Done)
    }

    fn attribute(
        &self,
        _: &mut Context<'_>,
        id: &str,
        name: &str,
    ) -> Result<Option<Value>, ApiError> {
        Ok((name == "Id").then(|| json!(id)))
    }
}
