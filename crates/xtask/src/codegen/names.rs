//! AWS's names in Rust's spelling.

/// A service's module.
pub fn module(service: &str) -> String {
    service.replace('-', "_")
}

/// Snake case: `VPCZoneIdentifier` → `vpc_zone_identifier`, `TargetGroupARNs` →
/// `target_group_arns`, `Ipv6CidrBlock` → `ipv6_cidr_block`. Keywords are escaped.
pub fn field(name: &str) -> String {
    let chars: Vec<char> =
        name.chars().filter(|c| c.is_ascii_alphanumeric() || *c == '_').collect();
    let mut out = String::new();
    for (i, &c) in chars.iter().enumerate() {
        if c.is_ascii_uppercase() && i > 0 {
            let before = chars[i - 1];
            let after = chars.get(i + 1);
            // The `s` of a plural acronym does not begin a word.
            let plural =
                after == Some(&'s') && chars.get(i + 2).is_none_or(char::is_ascii_uppercase);
            let word_begins = after.is_some_and(char::is_ascii_lowercase) && !plural;
            if !before.is_ascii_uppercase() && before != '_'
                || before.is_ascii_uppercase() && word_begins
            {
                out.push('_');
            }
        }
        out.push(c.to_ascii_lowercase());
    }
    match out.as_str() {
        "self" | "super" | "crate" => out + "_",
        "as" | "break" | "const" | "continue" | "dyn" | "else" | "enum" | "extern" | "false"
        | "final" | "fn" | "for" | "if" | "impl" | "in" | "let" | "loop" | "match" | "mod"
        | "move" | "mut" | "override" | "pub" | "ref" | "return" | "static" | "struct"
        | "trait" | "true" | "try" | "type" | "unsafe" | "use" | "virtual" | "where" | "while"
        | "yield" | "async" | "await" | "abstract" | "box" | "do" | "macro" | "priv" | "typeof"
        | "unsized" | "gen" => format!("r#{out}"),
        _ => out,
    }
}

#[cfg(test)]
mod tests {
    use super::field;

    #[test]
    fn names_read_as_a_person_would_write_them() {
        let cases = [
            ("VPCZoneIdentifier", "vpc_zone_identifier"),
            ("TargetGroupARNs", "target_group_arns"),
            ("AutoScalingGroupARN", "auto_scaling_group_arn"),
            ("Ipv6CidrBlock", "ipv6_cidr_block"),
            ("ETag", "e_tag"),
            ("Type", "r#type"),
            ("SSEKMSKeyId", "ssekms_key_id"),
            ("URLs", "urls"),
            ("S3Bucket", "s3_bucket"),
            ("MaxSize", "max_size"),
            ("IOPSLimit", "iops_limit"),
            ("MD5OfBody", "md5_of_body"),
        ];
        for (name, expected) in cases {
            assert_eq!(field(name), expected, "{name}");
        }
    }
}
