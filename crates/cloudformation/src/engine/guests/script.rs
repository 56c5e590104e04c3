//! The calls of `cfn-signal` in a script: shell or PowerShell, as far as words go.

use smol_str::SmolStr;

/// The most calls that are read from one script.
const MAX_CALLS: usize = 32;

/// One call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Call {
    pub(super) stack: Option<SmolStr>,
    pub(super) resource: Option<SmolStr>,
    /// A wait condition handle's.
    pub(super) url: Option<SmolStr>,
    pub(super) id: Option<SmolStr>,
    pub(super) data: SmolStr,
    pub(super) reason: SmolStr,
    /// Unless it says otherwise in so many words: the script's own commands succeed.
    pub(super) success: bool,
}

/// All calls, in the order of the script.
pub(super) fn calls(script: &str) -> Vec<Call> {
    let script = script.replace("\\\r\n", " ").replace("\\\n", " ").replace("`\n", " ");
    let lines = script.lines().filter(|line| !line.trim_start().starts_with('#'));
    lines.flat_map(commands).filter_map(|words| call(&words)).take(MAX_CALLS).collect()
}

fn call(words: &[String]) -> Option<Call> {
    let is_helper = |word: &String| {
        let name = word.rsplit(['/', '\\']).next().unwrap_or_default();
        matches!(name, "cfn-signal" | "cfn-signal.exe")
    };
    let at = words.iter().position(is_helper)?;
    let mut call = Call { success: true, ..Call::default() };
    let mut rest = words[at + 1..].iter();
    while let Some(word) = rest.next() {
        let Some(option) = word.strip_prefix('-') else {
            call.url = Some(word.into());
            continue;
        };
        let (name, value) = match option.strip_prefix('-') {
            Some(long) => match long.split_once('=') {
                Some((name, value)) => (name, value.to_owned()),
                None => (long, rest.next().cloned().unwrap_or_default()),
            },
            // `-e1` and `-e 1` are the same.
            None => match option.get(1..).filter(|glued| !glued.is_empty()) {
                Some(glued) => (&option[..1], glued.to_owned()),
                None => (option, rest.next().cloned().unwrap_or_default()),
            },
        };
        match name {
            "e" | "exit-code" => call.success = !value.parse::<i64>().is_ok_and(|code| code != 0),
            "s" | "success" => call.success = value != "false",
            "i" | "id" => call.id = Some(value.into()),
            "d" | "data" => call.data = value.into(),
            "r" | "reason" => call.reason = value.into(),
            "stack" => call.stack = Some(value.into()),
            "resource" => call.resource = Some(value.into()),
            _ => {}
        }
    }
    Some(call)
}

/// The commands of a line as words; quotes hold words together.
fn commands(line: &str) -> Vec<Vec<String>> {
    let mut commands = vec![Vec::new()];
    let mut word: Option<String> = None;
    let mut quote = None;
    for c in line.chars().chain([' ']) {
        match (quote, c) {
            (Some(q), c) if c == q => quote = None,
            (None, '"' | '\'') => {
                quote = Some(c);
                word.get_or_insert_default();
            }
            (None, c) if c.is_whitespace() || matches!(c, ';' | '|' | '&') => {
                if let Some(command) = commands.last_mut() {
                    command.extend(word.take());
                }
                if !c.is_whitespace() {
                    commands.push(Vec::new());
                }
            }
            (_, c) => word.get_or_insert_default().push(c),
        }
    }
    commands
}

#[cfg(test)]
mod tests {
    use super::*;

    fn one(script: &str) -> Call {
        let mut calls = calls(script);
        assert_eq!(calls.len(), 1, "{script}");
        calls.remove(0)
    }

    #[test]
    fn a_call_names_stack_and_resource() {
        let call = one("#!/bin/bash -xe\nyum update -y aws-cfn-bootstrap\n\
                        /opt/aws/bin/cfn-init -v --stack web --resource LC --region us-west-1\n\
                        /opt/aws/bin/cfn-signal -e $? --stack web \\\n   --resource=Group \
                        --region us-west-1\n");
        assert_eq!((call.stack.as_deref(), call.resource.as_deref()), (Some("web"), Some("Group")));
        assert!(call.success && call.url.is_none());
    }

    #[test]
    fn a_handle_is_named_by_its_url() {
        let call = one("cfn-signal --success true -d 'all is well' \"http://h:1/x/H?a=b&c=d\"");
        assert_eq!(call.url.as_deref(), Some("http://h:1/x/H?a=b&c=d"));
        assert_eq!(call.data, "all is well");
        let call = one("false || cfn-signal -s false -r broken -i me http://h/H");
        assert_eq!(
            (call.success, &*call.reason, call.id.as_deref()),
            (false, "broken", Some("me"))
        );
    }

    #[test]
    fn only_a_literal_code_is_a_failure() {
        assert!(!one("cfn-signal -e 1 --stack s --resource r").success);
        assert!(!one("cfn-signal -e1 --stack s --resource r").success);
        assert!(one("cfn-signal -e 0 --stack s --resource r").success);
        assert!(one("cfn-signal.exe -e %ERRORLEVEL% --stack s --resource r").success);
        assert!(calls("# cfn-signal -e 1\necho cfn-signals").is_empty());
    }
}
