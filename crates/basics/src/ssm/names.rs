//! Names of parameters: their form, ARNs, and the version or label behind a colon.
//! <https://docs.aws.amazon.com/systems-manager/latest/userguide/sysman-paramstore-su-create.html>

use super::errors;
use kernel::{ApiError, Arn, Caller};
use smol_str::SmolStr;

const MAX_LEVELS: usize = 15;
/// A name together with its ARN's beginning.
const MAX_NAME: usize = 1_011;

/// Which version of a parameter is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Selector {
    Latest,
    Version(i64),
    Label(SmolStr),
}

/// A name as it is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Asked {
    pub(super) name: SmolStr,
    pub(super) selector: Selector,
    /// The selector as it was written: `:3`, `:prod`; empty for the latest.
    pub(super) suffix: SmolStr,
}

/// Takes apart `name`, `name:version`, `name:label`, or the ARN of one.
pub(super) fn parse(text: &str) -> Asked {
    let resource = Arn::parse(text)
        .filter(|arn| arn.service == "ssm")
        .and_then(|arn| arn.resource.strip_prefix("parameter"));
    // The ARN of a plain name has a slash that the name lacks: `parameter/plain`.
    let text = match resource {
        Some(path) if path[1..].contains('/') => path,
        Some(path) => path.trim_start_matches('/'),
        None => text,
    };
    let (name, suffix) = text.split_at(text.find(':').unwrap_or(text.len()));
    let selector = match suffix.strip_prefix(':') {
        None => Selector::Latest,
        Some(wanted) => match wanted.parse() {
            Ok(version) => Selector::Version(version),
            Err(_) => Selector::Label(wanted.into()),
        },
    };
    Asked { name: name.into(), selector, suffix: suffix.into() }
}

/// The ARN of a parameter.
pub(super) fn arn(caller: &Caller, name: &str) -> SmolStr {
    caller.arn("ssm", format_args!("parameter/{}", name.trim_start_matches('/')))
}

/// Checks the name of a parameter that is to be made.
pub(super) fn check(name: &str) -> Result<(), ApiError> {
    let usual = |b: u8| b.is_ascii_alphanumeric() || b"_.-/".contains(&b);
    if name.contains('/') && !name.starts_with('/') {
        return Err(errors::not_absolute());
    }
    let first = name.trim_start_matches('/').split('/').next().unwrap_or_default();
    let lower = first.to_ascii_lowercase();
    if name.starts_with('/') && matches!(lower.as_str(), "aws" | "ssm") {
        return Err(errors::reserved_name(name));
    }
    let empty_level = name.strip_prefix('/').unwrap_or(name).split('/').any(str::is_empty);
    if !name.bytes().all(usual)
        || empty_level
        || name.len() > MAX_NAME
        || lower.starts_with("aws")
        || lower.starts_with("ssm")
    {
        return Err(errors::bad_name());
    }
    if name.trim_start_matches('/').split('/').count() > MAX_LEVELS {
        return Err(errors::too_deep());
    }
    Ok(())
}

/// Whether `name` lies under `path`: directly, or at any depth when `recursive`.
pub(super) fn is_under(name: &str, path: &str, recursive: bool) -> bool {
    let path = path.trim_end_matches('/');
    let rest = name.strip_prefix(path).and_then(|rest| rest.strip_prefix('/'));
    match rest {
        Some(rest) => recursive || !rest.contains('/'),
        // Names without a hierarchy lie directly under `/`.
        None => path.is_empty() && !name.contains('/'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_versions_and_labels_come_apart() {
        let parsed = |text: &str| {
            let asked = parse(text);
            (asked.name.to_string(), asked.selector)
        };
        assert_eq!(parsed("/a/b"), ("/a/b".into(), Selector::Latest));
        assert_eq!(parsed("/a/b:3"), ("/a/b".into(), Selector::Version(3)));
        assert_eq!(parsed("plain:prod"), ("plain".into(), Selector::Label("prod".into())));
        let arn = "arn:aws:ssm:us-west-1:123456789012:parameter";
        assert_eq!(parsed(&format!("{arn}/a/b:2")), ("/a/b".into(), Selector::Version(2)));
        assert_eq!(parsed(&format!("{arn}/plain")), ("plain".into(), Selector::Latest));
    }

    #[test]
    fn names_are_checked() {
        let code = |name: &str| check(name).err().map_or("ok".into(), |e| e.code.to_string());
        for (name, want) in [
            ("/a/b", "ok"),
            ("plain", "ok"),
            ("/my/aws", "ok"),
            ("a/b", "ValidationException"),
            ("/aws/x", "AccessDeniedException"),
            ("awsx", "ValidationException"),
            ("SSM-x", "ValidationException"),
            ("/a b", "ValidationException"),
            ("/a//b", "ValidationException"),
            ("/a/", "ValidationException"),
            ("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15", "ok"),
            ("/1/2/3/4/5/6/7/8/9/10/11/12/13/14/15/16", "HierarchyLevelLimitExceededException"),
        ] {
            assert_eq!(code(name), want, "{name}");
        }
    }

    #[test]
    fn paths_hold_what_lies_under_them() {
        for (name, path, recursive, want) in [
            ("/a/1", "/a", false, true),
            ("/a/1", "/a/", false, true),
            ("/a/deep/3", "/a", false, false),
            ("/a/deep/3", "/a", true, true),
            ("/ab/1", "/a", true, false),
            ("/a", "/a", true, false),
            ("plain", "/", false, true),
            ("/a/1", "/", true, true),
        ] {
            assert_eq!(is_under(name, path, recursive), want, "{name} under {path}");
        }
    }
}
