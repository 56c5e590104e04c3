//! What AWS clients need to know to find the cloud.

/// Variables for any AWS client. Credentials are made up: any will do.
pub(crate) fn variables(endpoint: &str) -> Vec<(&'static str, String)> {
    let region = ["AWS_REGION", "AWS_DEFAULT_REGION"]
        .iter()
        .find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
        .unwrap_or_else(|| "us-east-1".to_owned());
    vec![
        ("AWS_ENDPOINT_URL", endpoint.to_owned()),
        ("AWS_ACCESS_KEY_ID", "test".to_owned()),
        ("AWS_SECRET_ACCESS_KEY", "test".to_owned()),
        ("AWS_DEFAULT_REGION", region.clone()),
        ("AWS_REGION", region),
        ("AWS_EC2_METADATA_DISABLED", "true".to_owned()),
        ("LOWCLOUD_ENDPOINT", endpoint.to_owned()),
    ]
}
