//! Launch templates, their versions, and launches with them.

use crate::harness::{Ec2, described, filter, launch, tagged};
use api::ec2::ops::{
    CreateLaunchTemplate, CreateLaunchTemplateVersion, CreateTags, DeleteLaunchTemplate,
    DeleteLaunchTemplateVersions, DescribeLaunchTemplateVersions, DescribeLaunchTemplates,
    DescribeTags, GetLaunchTemplateData, ModifyLaunchTemplate, RunInstances,
};
use api::ec2::{
    CreateLaunchTemplateRequest, CreateLaunchTemplateVersionRequest, CreateTagsRequest,
    DeleteLaunchTemplateRequest, DeleteLaunchTemplateVersionsRequest,
    DescribeLaunchTemplateVersionsRequest, DescribeLaunchTemplatesRequest, DescribeTagsRequest,
    GetLaunchTemplateDataRequest, LaunchTemplate, LaunchTemplatePlacementRequest,
    LaunchTemplateSpecification, LaunchTemplateTagSpecificationRequest, LaunchTemplateVersion,
    ModifyLaunchTemplateRequest, RequestLaunchTemplateData, RunInstancesRequest, Tag,
};
use smol_str::SmolStr;

const IMAGE: &str = "ami-0123456789abcdef0";

fn data(instance_type: &str) -> RequestLaunchTemplateData {
    RequestLaunchTemplateData {
        image_id: Some(IMAGE.into()),
        instance_type: Some(instance_type.into()),
        ..Default::default()
    }
}

fn creation(name: &str, data: RequestLaunchTemplateData) -> CreateLaunchTemplateRequest {
    CreateLaunchTemplateRequest {
        launch_template_name: name.into(),
        launch_template_data: data,
        ..Default::default()
    }
}

fn create(ec2: &Ec2, name: &str, data: RequestLaunchTemplateData) -> LaunchTemplate {
    ec2.ok::<CreateLaunchTemplate>(creation(name, data)).launch_template.expect("a template")
}

fn next_version(name: &str, data: RequestLaunchTemplateData) -> CreateLaunchTemplateVersionRequest {
    CreateLaunchTemplateVersionRequest {
        launch_template_name: Some(name.into()),
        launch_template_data: data,
        ..Default::default()
    }
}

fn versions(
    ec2: &Ec2,
    change: impl FnOnce(&mut DescribeLaunchTemplateVersionsRequest),
) -> Vec<LaunchTemplateVersion> {
    let mut request = DescribeLaunchTemplateVersionsRequest {
        launch_template_name: Some("web".into()),
        ..Default::default()
    };
    change(&mut request);
    ec2.ok::<DescribeLaunchTemplateVersions>(request).launch_template_versions.expect("a list")
}

fn numbers(versions: &[LaunchTemplateVersion]) -> Vec<i64> {
    versions.iter().filter_map(|v| v.version_number).collect()
}

fn using(version: Option<&str>) -> RunInstancesRequest {
    RunInstancesRequest {
        min_count: 1,
        max_count: 1,
        launch_template: Some(LaunchTemplateSpecification {
            launch_template_name: Some("web".into()),
            version: version.map(SmolStr::new),
            ..Default::default()
        }),
        ..Default::default()
    }
}

fn launched(ec2: &Ec2, request: RunInstancesRequest) -> api::ec2::Instance {
    let reservation = ec2.ok::<RunInstances>(request);
    let id = reservation.instances.expect("instances").remove(0).instance_id.expect("an id");
    described(ec2, &id)
}

fn tag_of(instance: &api::ec2::Instance, key: &str) -> Option<String> {
    let tags = instance.tags.iter().flatten();
    let mut tags = tags.filter(|tag| tag.key.as_deref() == Some(key));
    tags.next().and_then(|tag| tag.value.as_ref()).map(SmolStr::to_string)
}

#[test]
fn a_new_template_has_one_version_that_is_default_and_latest() {
    let ec2 = Ec2::new();
    let template = create(&ec2, "web", data("t2.micro"));
    let id = template.launch_template_id.expect("an id");
    assert!(id.starts_with("lt-0") && id.len() == 20, "{id}");
    assert_eq!(template.default_version_number, Some(1));
    assert_eq!(template.latest_version_number, Some(1));
    assert_eq!(template.created_by.as_deref(), Some("arn:aws:iam::123456789012:root"));
    assert_eq!(numbers(&versions(&ec2, |_| ())), [1]);
}

#[test]
fn names_are_unique_and_well_formed() {
    let ec2 = Ec2::new();
    create(&ec2, "t.(1)/a_b-c", data("t2.micro"));
    let (code, text) = ec2.err::<CreateLaunchTemplate>(creation("t.(1)/a_b-c", data("t2.micro")));
    assert_eq!(code, "InvalidLaunchTemplateName.AlreadyExistsException");
    assert_eq!(text, "Launch template name already in use.");
    for name in ["ab", "with space", &"x".repeat(129)] {
        let (code, _) = ec2.err::<CreateLaunchTemplate>(creation(name, data("t2.micro")));
        assert_eq!(code, "InvalidLaunchTemplateName.MalformedException");
    }
}

#[test]
fn the_shape_of_the_data_is_checked_but_not_what_it_names() {
    let ec2 = Ec2::new();
    let (code, text) = ec2.err::<CreateLaunchTemplate>(creation("t1t", Default::default()));
    assert_eq!(
        (code.as_str(), text.as_str()),
        ("MissingParameter", "The request must contain the parameter LaunchTemplateData",)
    );
    let bad = RequestLaunchTemplateData { image_id: Some("image".into()), ..Default::default() };
    assert_eq!(ec2.err::<CreateLaunchTemplate>(creation("t2t", bad)).0, "InvalidAMIID.Malformed");
    let unknown = RequestLaunchTemplateData { key_name: Some("nope".into()), ..data("t9.nano") };
    create(&ec2, "web", unknown);
    assert_eq!(ec2.err::<RunInstances>(using(None)).1, "Invalid value 't9.nano' for InstanceType.");
}

#[test]
fn a_version_inherits_from_its_source_what_it_does_not_say() {
    let ec2 = Ec2::new();
    let first = RequestLaunchTemplateData { ebs_optimized: Some(true), ..data("t2.micro") };
    create(&ec2, "web", first);
    let changed =
        RequestLaunchTemplateData { instance_type: Some("t2.small".into()), ..Default::default() };
    let request = CreateLaunchTemplateVersionRequest {
        source_version: Some("1".into()),
        version_description: Some("bigger".into()),
        ..next_version("web", changed.clone())
    };
    let version = ec2.ok::<CreateLaunchTemplateVersion>(request).launch_template_version;
    let version = version.expect("a version");
    assert_eq!((version.version_number, version.default_version), (Some(2), Some(false)));
    let inherited = version.launch_template_data.expect("data");
    assert_eq!(inherited.instance_type.as_deref(), Some("t2.small"));
    assert_eq!(inherited.image_id.as_deref(), Some(IMAGE));
    assert_eq!(inherited.ebs_optimized, Some(true));
    let alone = ec2.ok::<CreateLaunchTemplateVersion>(next_version("web", changed));
    let alone = alone.launch_template_version.and_then(|v| v.launch_template_data);
    assert_eq!(alone.expect("data").image_id, None);
    let nowhere = CreateLaunchTemplateVersionRequest {
        source_version: Some("9".into()),
        ..next_version("web", data("t2.micro"))
    };
    let (code, _) = ec2.err::<CreateLaunchTemplateVersion>(nowhere);
    assert_eq!(code, "InvalidLaunchTemplateId.VersionNotFound");
}

#[test]
fn versions_are_found_by_number_alias_and_range() {
    let ec2 = Ec2::new();
    let template = create(&ec2, "web", data("t2.micro"));
    for kind in ["t2.small", "t2.medium", "t2.large"] {
        ec2.ok::<CreateLaunchTemplateVersion>(next_version("web", data(kind)));
    }
    assert_eq!(numbers(&versions(&ec2, |_| ())), [4, 3, 2, 1]);
    let named = |list: &[&str]| Some(list.iter().map(SmolStr::new).collect::<Vec<_>>());
    let found = versions(&ec2, |r| r.versions = named(&["$Latest", "$Default", "2"]));
    assert_eq!(numbers(&found), [4, 2, 1]);
    let found = versions(&ec2, |r| {
        r.min_version = Some("2".into());
        r.max_version = Some("3".into());
    });
    assert_eq!(numbers(&found), [3, 2]);
    let found = versions(&ec2, |r| r.filters = Some(vec![filter("instance-type", &["t2.m*"])]));
    assert_eq!(numbers(&found), [3, 1]);
    create(&ec2, "other", data("t2.micro"));
    let all = versions(&ec2, |r| {
        r.launch_template_name = None;
        r.versions = named(&["$Latest"]);
    });
    assert_eq!(all.len(), 2);
    let id = template.launch_template_id.expect("an id");
    let (code, text) =
        ec2.err::<DescribeLaunchTemplateVersions>(DescribeLaunchTemplateVersionsRequest {
            launch_template_id: Some(id.clone()),
            versions: named(&["7"]),
            ..Default::default()
        });
    assert_eq!(code, "InvalidLaunchTemplateId.VersionNotFound");
    let expected =
        format!("Could not find the specified version 7 for the launch template with ID {id}.");
    assert_eq!(text, expected);
    let neither = DescribeLaunchTemplateVersionsRequest::default();
    assert_eq!(ec2.err::<DescribeLaunchTemplateVersions>(neither).0, "MissingParameter");
}

#[test]
fn version_pages_go_on_where_they_ended() {
    let ec2 = Ec2::new();
    create(&ec2, "web", data("t2.micro"));
    for _ in 0..4 {
        ec2.ok::<CreateLaunchTemplateVersion>(next_version("web", data("t2.micro")));
    }
    let mut request = DescribeLaunchTemplateVersionsRequest {
        launch_template_name: Some("web".into()),
        max_results: Some(2),
        ..Default::default()
    };
    let mut seen = Vec::new();
    loop {
        let page = ec2.ok::<DescribeLaunchTemplateVersions>(request.clone());
        seen.extend(numbers(&page.launch_template_versions.expect("a list")));
        request.next_token = page.next_token;
        if request.next_token.is_none() {
            break;
        }
    }
    assert_eq!(seen, [5, 4, 3, 2, 1]);
}

#[test]
fn the_default_version_can_be_set_to_one_that_exists() {
    let ec2 = Ec2::new();
    create(&ec2, "web", data("t2.micro"));
    ec2.ok::<CreateLaunchTemplateVersion>(next_version("web", data("t2.small")));
    let set = |version: &str| ModifyLaunchTemplateRequest {
        launch_template_name: Some("web".into()),
        default_version: Some(version.into()),
        ..Default::default()
    };
    let changed = ec2.ok::<ModifyLaunchTemplate>(set("2")).launch_template.expect("a template");
    assert_eq!(changed.default_version_number, Some(2));
    let (code, text) = ec2.err::<ModifyLaunchTemplate>(set("3"));
    assert_eq!(code, "InvalidLaunchTemplateId.VersionNotFound");
    let expected = "The launch template version 3 is not found for the specified launch template.";
    assert_eq!(text, expected);
    let twice =
        ModifyLaunchTemplateRequest { launch_template_id: changed.launch_template_id, ..set("1") };
    let (code, text) = ec2.err::<ModifyLaunchTemplate>(twice);
    assert_eq!(code, "InvalidParameterCombination");
    let expected =
        "Either provide launch template ID or launch template name to modify the template.";
    assert_eq!(text, expected);
}

#[test]
fn versions_are_deleted_one_by_one_and_their_numbers_stay_used() {
    let ec2 = Ec2::new();
    create(&ec2, "web", data("t2.micro"));
    for _ in 0..2 {
        ec2.ok::<CreateLaunchTemplateVersion>(next_version("web", data("t2.micro")));
    }
    let answer = ec2.ok::<DeleteLaunchTemplateVersions>(DeleteLaunchTemplateVersionsRequest {
        launch_template_name: Some("web".into()),
        versions: vec!["1".into(), "3".into(), "9".into()],
        ..Default::default()
    });
    let gone = answer.successfully_deleted_launch_template_versions.expect("a list");
    assert_eq!(gone.iter().map(|v| v.version_number).collect::<Vec<_>>(), [Some(3)]);
    let refused = answer.unsuccessfully_deleted_launch_template_versions.expect("a list");
    let codes: Vec<_> = refused
        .into_iter()
        .map(|v| (v.version_number, v.response_error.and_then(|e| e.code).expect("a code")))
        .collect();
    assert_eq!(
        codes,
        [
            (Some(1), "unexpectedError".into()),
            (Some(9), "launchTemplateVersionDoesNotExist".into()),
        ]
    );
    let latest = versions(&ec2, |r| r.versions = Some(vec!["$Latest".into()]));
    assert_eq!(numbers(&latest), [2]);
    let next = ec2.ok::<CreateLaunchTemplateVersion>(next_version("web", data("t2.micro")));
    assert_eq!(next.launch_template_version.and_then(|v| v.version_number), Some(4));
}

#[test]
fn unknown_templates_are_named_in_the_error() {
    let ec2 = Ec2::new();
    create(&ec2, "web", data("t2.micro"));
    let by_name = |name: &str| DescribeLaunchTemplatesRequest {
        launch_template_names: Some(vec![name.into()]),
        ..Default::default()
    };
    assert_eq!(
        ec2.err::<DescribeLaunchTemplates>(by_name("nope")),
        (
            "InvalidLaunchTemplateName.NotFoundException".into(),
            "At least one of the launch templates specified in the request does not exist.".into(),
        )
    );
    let id = DeleteLaunchTemplateRequest {
        launch_template_id: Some("lt-00000000000000000".into()),
        ..Default::default()
    };
    assert_eq!(
        ec2.err::<DeleteLaunchTemplate>(id),
        (
            "InvalidLaunchTemplateId.NotFound".into(),
            "The specified launch template, with template ID lt-00000000000000000, does not exist."
                .into(),
        )
    );
    let name = DeleteLaunchTemplateRequest {
        launch_template_name: Some("web".into()),
        ..Default::default()
    };
    ec2.ok::<DeleteLaunchTemplate>(name.clone());
    assert_eq!(
        ec2.err::<DeleteLaunchTemplate>(name),
        (
            "InvalidLaunchTemplateName.NotFoundException".into(),
            "The specified launch template, with template name web, does not exist.".into(),
        )
    );
}

#[test]
fn a_repeated_creation_finds_the_first_template() {
    let ec2 = Ec2::new();
    let request = CreateLaunchTemplateRequest {
        client_token: Some("token".into()),
        ..creation("web", data("t2.micro"))
    };
    let first = ec2.ok::<CreateLaunchTemplate>(request.clone()).launch_template;
    assert_eq!(ec2.ok::<CreateLaunchTemplate>(request.clone()).launch_template, first);
    let other = CreateLaunchTemplateRequest { launch_template_name: "other".into(), ..request };
    assert_eq!(ec2.err::<CreateLaunchTemplate>(other).0, "IdempotentParameterMismatch");
}

#[test]
fn templates_carry_tags() {
    let ec2 = Ec2::new();
    let request = CreateLaunchTemplateRequest {
        tag_specifications: tagged("launch-template", "Name", "web"),
        ..creation("web", data("t2.micro"))
    };
    let template = ec2.ok::<CreateLaunchTemplate>(request).launch_template.expect("a template");
    let id = template.launch_template_id.expect("an id");
    ec2.ok::<CreateTags>(CreateTagsRequest {
        resources: vec![id.clone()],
        tags: vec![Tag { key: Some("Stage".into()), value: Some("test".into()) }],
        dry_run: None,
    });
    let found = ec2.ok::<DescribeTags>(DescribeTagsRequest {
        filters: Some(vec![filter("resource-type", &["launch-template"])]),
        ..Default::default()
    });
    assert_eq!(found.tags.expect("a list").len(), 2);
    let found = ec2.ok::<DescribeLaunchTemplates>(DescribeLaunchTemplatesRequest {
        filters: Some(vec![filter("tag:Name", &["web"])]),
        ..Default::default()
    });
    assert_eq!(found.launch_templates.expect("a list").len(), 1);
}

#[test]
fn a_launch_uses_the_version_that_it_names_and_says_which() {
    let ec2 = Ec2::new();
    let template = create(&ec2, "web", data("t2.micro"));
    ec2.ok::<CreateLaunchTemplateVersion>(next_version("web", data("t2.small")));
    for (version, kind, number) in
        [(None, "t2.micro", "1"), (Some("$Latest"), "t2.small", "2"), (Some("1"), "t2.micro", "1")]
    {
        let instance = launched(&ec2, using(version));
        assert_eq!(instance.instance_type.as_deref(), Some(kind));
        assert_eq!(tag_of(&instance, "aws:ec2launchtemplate:version").as_deref(), Some(number));
        let id = tag_of(&instance, "aws:ec2launchtemplate:id");
        assert_eq!(id.as_deref(), template.launch_template_id.as_deref());
    }
    let (code, _) = ec2.err::<RunInstances>(using(Some("5")));
    assert_eq!(code, "InvalidLaunchTemplateId.VersionNotFound");
}

#[test]
fn parameters_of_the_call_override_the_templates() {
    let ec2 = Ec2::new();
    let specification = |kind: &str, key: &str| LaunchTemplateTagSpecificationRequest {
        resource_type: Some(kind.into()),
        tags: tagged(kind, key, "template").and_then(|mut list| list.remove(0).tags),
    };
    create(
        &ec2,
        "web",
        RequestLaunchTemplateData {
            placement: Some(LaunchTemplatePlacementRequest {
                availability_zone: Some("us-west-1a".into()),
                ..Default::default()
            }),
            tag_specifications: Some(vec![
                specification("instance", "Name"),
                specification("volume", "Disk"),
            ]),
            disable_api_termination: Some(true),
            ..data("t2.micro")
        },
    );
    let plain = launched(&ec2, using(None));
    assert_eq!(tag_of(&plain, "Name").as_deref(), Some("template"));
    let zone = plain.placement.and_then(|p| p.availability_zone);
    assert_eq!(zone.as_deref(), Some("us-west-1a"));
    let changed = launched(
        &ec2,
        RunInstancesRequest {
            instance_type: Some("t2.large".into()),
            tag_specifications: tagged("instance", "Owner", "me"),
            ..using(None)
        },
    );
    assert_eq!(changed.instance_type.as_deref(), Some("t2.large"));
    assert_eq!(tag_of(&changed, "Name"), None);
    assert_eq!(tag_of(&changed, "Owner").as_deref(), Some("me"));
}

#[test]
fn a_template_without_an_image_cannot_launch() {
    let ec2 = Ec2::new();
    let image = RequestLaunchTemplateData { image_id: None, ..data("t2.micro") };
    create(&ec2, "web", image);
    assert_eq!(
        ec2.err::<RunInstances>(using(None)),
        ("MissingParameter".into(), "The request must contain the parameter ImageId".into(),)
    );
}

#[test]
fn an_instance_can_be_made_into_template_data() {
    let ec2 = Ec2::new();
    let reservation = launch(&ec2, 1, |r| r.user_data = Some("aGk=".into()));
    ec2.step(60_000);
    let id = reservation.instances.expect("instances").remove(0).instance_id.expect("an id");
    let request = GetLaunchTemplateDataRequest { instance_id: id, dry_run: None };
    let data = ec2.ok::<GetLaunchTemplateData>(request).launch_template_data.expect("data");
    assert_eq!(data.instance_type.as_deref(), Some("t2.micro"));
    assert_eq!(data.user_data.as_deref(), Some("aGk="));
    assert_eq!(data.network_interfaces.expect("interfaces").len(), 1);
    assert_eq!(data.block_device_mappings.expect("disks").len(), 1);
}
