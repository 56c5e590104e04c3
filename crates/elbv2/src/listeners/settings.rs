//! Attributes of listeners.

use super::Listener;
use crate::attributes::{self, Known, flag, number, text};
use crate::names::Kind;
use api::elbv2::{
    DescribeListenerAttributesInput, DescribeListenerAttributesOutput, ListenerAttribute,
    ModifyListenerAttributesInput, ModifyListenerAttributesOutput,
};
use kernel::{ApiError, Caller, Snapshot, Tx};

const WEB: &[Known] = &[
    flag("routing.http.response.server.enabled", true),
    text("routing.http.response.strict_transport_security.header_value"),
    text("routing.http.response.access_control_allow_origin.header_value"),
    text("routing.http.response.access_control_allow_methods.header_value"),
    text("routing.http.response.access_control_allow_headers.header_value"),
    text("routing.http.response.access_control_allow_credentials.header_value"),
    text("routing.http.response.access_control_expose_headers.header_value"),
    text("routing.http.response.access_control_max_age.header_value"),
    text("routing.http.response.content_security_policy.header_value"),
    text("routing.http.response.x_content_type_options.header_value"),
    text("routing.http.response.x_frame_options.header_value"),
];

const SECURE: &[Known] = &[
    text("routing.http.request.x_amzn_mtls_clientcert_serial_number.header_name"),
    text("routing.http.request.x_amzn_mtls_clientcert_issuer.header_name"),
    text("routing.http.request.x_amzn_mtls_clientcert_subject.header_name"),
    text("routing.http.request.x_amzn_mtls_clientcert_validity.header_name"),
    text("routing.http.request.x_amzn_mtls_clientcert_leaf.header_name"),
    text("routing.http.request.x_amzn_mtls_clientcert.header_name"),
    text("routing.http.request.x_amzn_tls_version.header_name"),
    text("routing.http.request.x_amzn_tls_cipher_suite.header_name"),
];

const TCP: &[Known] = &[number("tcp.idle_timeout.seconds", "350", 60, 6_000)];

fn known(row: &Listener) -> [&'static [Known]; 2] {
    match (row.kind, row.protocol.as_deref()) {
        (Kind::Application, Some("HTTPS")) => [SECURE, WEB],
        (Kind::Application, _) => [WEB, &[]],
        (Kind::Network, Some("TCP" | "TCP_UDP")) | (Kind::Gateway, _) => [TCP, &[]],
        (Kind::Network, _) => [&[], &[]],
    }
}

fn shown(row: &Listener) -> Vec<ListenerAttribute> {
    let attribute = |(key, value)| ListenerAttribute { key: Some(key), value: Some(value) };
    attributes::all(&known(row), &row.attributes).map(attribute).collect()
}

pub(super) fn describe_listener_attributes(
    snapshot: &Snapshot,
    _: &Caller,
    input: DescribeListenerAttributesInput,
) -> Result<DescribeListenerAttributesOutput, ApiError> {
    let row = Listener::find(snapshot, &input.listener_arn)?;
    Ok(DescribeListenerAttributesOutput { attributes: Some(shown(&row)) })
}

pub(super) fn modify_listener_attributes(
    tx: &mut Tx,
    _: &Caller,
    input: ModifyListenerAttributesInput,
) -> Result<ModifyListenerAttributesOutput, ApiError> {
    let row = Listener::find(tx, &input.listener_arn)?;
    let changes = input.attributes.into_iter().map(|one| (one.key, one.value));
    let set = attributes::changed("Listener", &known(&row), &row.attributes, changes)?;
    let row = tx.update::<Listener>(&row.arn, |row| row.attributes = set);
    Ok(ModifyListenerAttributesOutput { attributes: row.map(|row| shown(&row)) })
}
