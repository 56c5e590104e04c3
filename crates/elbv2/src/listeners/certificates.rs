//! The certificate list of a secure listener.

use super::Listener;
use crate::errors;
use crate::load_balancers::page_size;
use api::elbv2::{
    AddListenerCertificatesInput, AddListenerCertificatesOutput, Certificate,
    DescribeListenerCertificatesInput, DescribeListenerCertificatesOutput,
    RemoveListenerCertificatesInput, RemoveListenerCertificatesOutput,
};
use kernel::{ApiError, Arn, Caller, Snapshot, Tx, paginate};
use smol_str::SmolStr;

/// AWS's default quota, without the default certificate.
const MAX_CERTIFICATES: usize = 25;

/// Fails unless this is the ARN of a certificate of ACM or IAM.
pub(super) fn check_arn(arn: &str) -> Result<(), ApiError> {
    let sound = Arn::parse(arn).is_some_and(|arn| match arn.service {
        "acm" => arn.resource.starts_with("certificate/"),
        "iam" => arn.resource.starts_with("server-certificate/"),
        _ => false,
    });
    if sound { Ok(()) } else { Err(errors::certificate_not_found(arn)) }
}

fn secure(snapshot: &Snapshot, arn: &str) -> Result<std::sync::Arc<Listener>, ApiError> {
    let row = Listener::find(snapshot, arn)?;
    match row.is_secure() {
        true => Ok(row),
        false => Err(errors::validation(
            "Certificates are supported on HTTPS and TLS listeners only",
        )),
    }
}

fn arns(certificates: Vec<Certificate>) -> Result<Vec<SmolStr>, ApiError> {
    let arn = |certificate: Certificate| match certificate.is_default {
        Some(_) => Err(errors::validation("IsDefault cannot be specified")),
        None => Ok(certificate.certificate_arn.unwrap_or_default()),
    };
    certificates.into_iter().map(arn).collect()
}

/// Adding one that is there already changes nothing.
pub(super) fn add_listener_certificates(
    tx: &mut Tx,
    _: &Caller,
    input: AddListenerCertificatesInput,
) -> Result<AddListenerCertificatesOutput, ApiError> {
    let row = secure(tx, &input.listener_arn)?;
    let given = arns(input.certificates)?;
    given.iter().try_for_each(|arn| check_arn(arn))?;
    let mut list = row.certificates.clone();
    for arn in &given {
        if !list.contains(arn) {
            list.push(arn.clone());
        }
    }
    if list.len() > MAX_CERTIFICATES + 1 {
        return Err(errors::too_many(
            "Certificates",
            "The maximum number of certificates for this load balancer has been reached",
        ));
    }
    let default = row.certificates.first().cloned();
    tx.update::<Listener>(&row.arn, |row| row.certificates = list);
    let shown = |arn: SmolStr| Certificate {
        is_default: Some(default.as_ref() == Some(&arn)),
        certificate_arn: Some(arn),
    };
    Ok(AddListenerCertificatesOutput { certificates: Some(given.into_iter().map(shown).collect()) })
}

/// The default certificate can only be replaced.
pub(super) fn remove_listener_certificates(
    tx: &mut Tx,
    _: &Caller,
    input: RemoveListenerCertificatesInput,
) -> Result<RemoveListenerCertificatesOutput, ApiError> {
    let row = secure(tx, &input.listener_arn)?;
    let given = arns(input.certificates)?;
    if row.certificates.first().is_some_and(|default| given.contains(default)) {
        return Err(errors::not_permitted("The default certificate cannot be removed"));
    }
    tx.update::<Listener>(&row.arn, |row| row.certificates.retain(|arn| !given.contains(arn)));
    Ok(RemoveListenerCertificatesOutput {})
}

pub(super) fn describe_listener_certificates(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeListenerCertificatesInput,
) -> Result<DescribeListenerCertificatesOutput, ApiError> {
    let row = Listener::find(snapshot, &input.listener_arn)?;
    let size = page_size(input.page_size)?;
    // The list keeps its order: pages go by place.
    let place = |at: usize| smol_str::format_smolstr!("{at:06}");
    let rows = |after: &str| {
        let after = after.to_owned();
        let all = row.certificates.iter().enumerate();
        all.filter(move |(at, _)| *place(*at) > *after)
    };
    let page = paginate(&row.arn, input.marker.as_deref(), size, rows, |(at, _)| place(*at))
        .map_err(|_| errors::invalid_marker())?;
    let shown = |(at, arn): (usize, &SmolStr)| Certificate {
        certificate_arn: Some(arn.clone()),
        is_default: Some(at == 0),
    };
    Ok(DescribeListenerCertificatesOutput {
        certificates: Some(page.items.into_iter().map(shown).collect()),
        next_marker: page.next,
    })
}
