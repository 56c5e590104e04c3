//! `AWS::ElasticLoadBalancingV2::ListenerCertificate`: certificates of a listener's list. The
//! listener's own `Certificates` property has its default one.

use crate::properties::without;
use crate::{Context, Deletion, Properties, Provider};
use api::elbv2::{self, Certificate, ops};
use kernel::ApiError;
use smol_str::{SmolStr, format_smolstr};

/// The type.
pub(crate) struct ListenerCertificate;

fn certificates(p: &Properties) -> Vec<Certificate> {
    p.input::<ops::AddListenerCertificates>().certificates
}

fn add(cx: &mut Context<'_>, arn: SmolStr, list: Vec<Certificate>) -> Result<(), ApiError> {
    if !list.is_empty() {
        cx.call::<ops::AddListenerCertificates>(elbv2::AddListenerCertificatesInput {
            listener_arn: arn,
            certificates: list,
        })?;
    }
    Ok(())
}

fn remove(cx: &mut Context<'_>, arn: SmolStr, list: Vec<Certificate>) -> Result<(), ApiError> {
    if !list.is_empty() {
        cx.call::<ops::RemoveListenerCertificates>(elbv2::RemoveListenerCertificatesInput {
            listener_arn: arn,
            certificates: list,
        })?;
    }
    Ok(())
}

impl Provider for ListenerCertificate {
    fn type_name(&self) -> &'static str {
        "AWS::ElasticLoadBalancingV2::ListenerCertificate"
    }

    fn create(&self, cx: &mut Context<'_>, p: &Properties) -> Result<SmolStr, ApiError> {
        add(cx, p.text_or_empty("ListenerArn"), certificates(p))?;
        let suffix = cx.tx.random().text(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789", 12);
        Ok(format_smolstr!("{}-{suffix}", cx.logical_id))
    }

    fn update(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        old: &Properties,
        new: &Properties,
    ) -> Result<(), ApiError> {
        let arn = new.text_or_empty("ListenerArn");
        let (before, after) = (certificates(old), certificates(new));
        remove(cx, arn.clone(), without(&before, &after))?;
        add(cx, arn, after)
    }

    fn delete(
        &self,
        cx: &mut Context<'_>,
        _: &str,
        p: &Properties,
    ) -> Result<Deletion, ApiError> {
        remove(cx, p.text_or_empty("ListenerArn"), certificates(p))?;
        Ok(Deletion::Done)
    }
}
