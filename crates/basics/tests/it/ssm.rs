//! The parameter store.

use crate::harness::{Harness, refusal};
use api::ssm::ops::*;
use api::ssm::*;
use kernel::Settings;

fn put(name: &str, value: &str) -> PutParameterRequest {
    PutParameterRequest {
        name: name.into(),
        value: value.into(),
        r#type: Some("String".into()),
        ..Default::default()
    }
}

fn get(cloud: &Harness, name: &str) -> Result<Parameter, String> {
    let input = GetParameterRequest { name: name.into(), ..Default::default() };
    match cloud.call::<GetParameter>(input) {
        Ok(answer) => Ok(answer.parameter.expect("a parameter")),
        Err(error) => Err(error.code.into()),
    }
}

fn value(cloud: &Harness, name: &str) -> String {
    get(cloud, name).map_or_else(|code| code, |p| p.value.expect("a value").into())
}

#[test]
fn versions_and_labels_are_addressed_by_name() {
    let cloud = Harness::new();
    cloud.call::<PutParameter>(put("/a/b", "one")).expect("put");
    assert_eq!(refusal(cloud.call::<PutParameter>(put("/a/b", "two"))).0, "ParameterAlreadyExists");
    let again = PutParameterRequest { overwrite: Some(true), r#type: None, ..put("/a/b", "two") };
    assert_eq!(cloud.call::<PutParameter>(again).expect("put").version, Some(2));
    let label = LabelParameterVersionRequest {
        name: "/a/b".into(),
        parameter_version: Some(1),
        labels: vec!["prod".into(), "9lives".into()],
    };
    let labelled = cloud.call::<LabelParameterVersion>(label).expect("labelled");
    assert_eq!(labelled.invalid_labels, Some(vec!["9lives".into()]));
    assert_eq!(value(&cloud, "/a/b"), "two");
    assert_eq!(value(&cloud, "/a/b:1"), "one");
    assert_eq!(value(&cloud, "/a/b:prod"), "one");
    assert_eq!(value(&cloud, "/a/b:3"), "ParameterVersionNotFound");
    assert_eq!(value(&cloud, "arn:aws:ssm:us-west-1:123456789012:parameter/a/b"), "two");
    let shown = get(&cloud, "/a/b:prod").expect("there");
    assert_eq!(
        (shown.selector.as_deref(), shown.data_type.as_deref()),
        (Some(":prod"), Some("text"))
    );
}

#[test]
fn a_missing_parameter_has_no_text() {
    let input = GetParameterRequest { name: "/no".into(), ..Default::default() };
    let (code, text, status) = refusal(Harness::new().call::<GetParameter>(input));
    assert_eq!((&*code, &*text, status), ("ParameterNotFound", "", 400));
}

#[test]
fn the_oldest_of_a_hundred_versions_goes_unless_it_is_labelled() {
    let cloud = Harness::new();
    cloud.call::<PutParameter>(put("/p", "0")).expect("put");
    let more =
        |n: usize| PutParameterRequest { overwrite: Some(true), ..put("/p", &n.to_string()) };
    for n in 1..=100 {
        cloud.call::<PutParameter>(more(n)).expect("put");
    }
    assert_eq!(value(&cloud, "/p:1"), "ParameterVersionNotFound");
    let label = LabelParameterVersionRequest {
        name: "/p".into(),
        parameter_version: Some(2),
        labels: vec!["keep".into()],
    };
    cloud.call::<LabelParameterVersion>(label).expect("labelled");
    let refused = refusal(cloud.call::<PutParameter>(more(101)));
    assert_eq!(refused.0, "ParameterMaxVersionLimitExceeded");
}

#[test]
fn values_obey_their_pattern_type_and_tier() {
    let cloud = Harness::new();
    let code = |input: PutParameterRequest| refusal(cloud.call::<PutParameter>(input)).0;
    let pattern = || Some("^\\d+$".into());
    assert_eq!(
        code(PutParameterRequest { allowed_pattern: pattern(), ..put("/n", "x1") }),
        "ParameterPatternMismatchException"
    );
    assert_eq!(code(PutParameterRequest { allowed_pattern: pattern(), ..put("/n", "12") }), "none");
    assert_eq!(
        code(PutParameterRequest { allowed_pattern: Some("(".into()), ..put("/m", "1") }),
        "InvalidAllowedPatternException"
    );
    let long = "x".repeat(4_097);
    assert_eq!(code(put("/long", &long)), "ValidationException");
    assert_eq!(
        code(PutParameterRequest { tier: Some("Advanced".into()), ..put("/long", &long) }),
        "none"
    );
    let other = PutParameterRequest {
        overwrite: Some(true),
        r#type: Some("SecureString".into()),
        ..put("/n", "12")
    };
    assert_eq!(code(other), "HierarchyTypeMismatchException");
    let image = |value: &str| PutParameterRequest {
        data_type: Some("aws:ec2:image".into()),
        ..put("/image", value)
    };
    assert_eq!(code(image("nonsense")), "ValidationException");
    assert_eq!(code(image("ami-0123456789abcdef0")), "none");
}

#[test]
fn describe_filters_by_name_path_and_tag() {
    let cloud = Harness::new();
    for name in ["/a/1", "/a/deep/2", "/b/1"] {
        let tags = Some(vec![Tag { key: "of".into(), value: name[1..2].into() }]);
        cloud.call::<PutParameter>(PutParameterRequest { tags, ..put(name, "v") }).expect("put");
    }
    let names = |key: &str, option: Option<&str>, value: &str| {
        let filter = ParameterStringFilter {
            key: key.into(),
            option: option.map(Into::into),
            values: Some(vec![value.into()]),
        };
        let input = DescribeParametersRequest {
            parameter_filters: Some(vec![filter]),
            ..Default::default()
        };
        let found = cloud.call::<DescribeParameters>(input)?.parameters.unwrap_or_default();
        Ok::<_, kernel::ApiError>(found.into_iter().filter_map(|p| p.name).collect::<Vec<_>>())
    };
    assert_eq!(names("Name", Some("Contains"), "deep").expect("found"), ["/a/deep/2"]);
    assert_eq!(names("Path", None, "/a").expect("found"), ["/a/1"]);
    assert_eq!(names("Path", Some("Recursive"), "/a").expect("found"), ["/a/1", "/a/deep/2"]);
    assert_eq!(names("tag:of", None, "b").expect("found"), ["/b/1"]);
    assert_eq!(refusal(names("Colour", None, "red")).0, "InvalidFilterKey");
    assert_eq!(refusal(names("Type", Some("Contains"), "S")).0, "InvalidFilterOption");
}

#[test]
fn made_up_public_parameters_are_for_lenient_clouds() {
    let known = "/aws/service/ami-amazon-linux-latest/al2023-ami-kernel-6.1-x86_64";
    let unknown =
        "/aws/service/canonical/ubuntu/server/22.04/stable/current/amd64/hvm/ebs-gp2/ami-id";
    let lenient = Harness::new();
    assert!(value(&lenient, known).starts_with("ami-"));
    assert!(value(&lenient, unknown).starts_with("ami-"));
    let strict = Harness::with(Settings { strict_images: true, ..Settings::default() });
    assert_eq!(value(&strict, known), value(&lenient, known));
    assert_eq!(value(&strict, unknown), "ParameterNotFound");
    assert_eq!(
        refusal(lenient.call::<PutParameter>(put("/aws/mine", "1"))).0,
        "AccessDeniedException"
    );
}
