//! The types that a template parameter may declare.

/// The resource ids and names that AWS checks for existence when given as parameters.
/// <https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/cloudformation-supplied-parameter-types.html>
const AWS_TYPES: &[&str] = &[
    "AWS::EC2::AvailabilityZone::Name",
    "AWS::EC2::Image::Id",
    "AWS::EC2::Instance::Id",
    "AWS::EC2::KeyPair::KeyName",
    "AWS::EC2::SecurityGroup::GroupName",
    "AWS::EC2::SecurityGroup::Id",
    "AWS::EC2::Subnet::Id",
    "AWS::EC2::Volume::Id",
    "AWS::EC2::VPC::Id",
    "AWS::Route53::HostedZone::Id",
];

/// A parameter's declared type.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParameterType {
    /// `String`.
    String,
    /// `Number`; `Ref` still gives its text.
    Number,
    /// `List<Number>`.
    ListOfNumber,
    /// `CommaDelimitedList` (and its synonym `List<String>`).
    CommaDelimitedList,
    /// The id or name of a resource that exists, such as `AWS::EC2::VPC::Id`.
    AwsValue(String),
    /// A list of such.
    ListOfAwsValue(String),
    /// `AWS::SSM::Parameter::Name`: the name of an SSM parameter.
    SsmName,
    /// `AWS::SSM::Parameter::Value<…>`: `Ref` gives what the SSM parameter holds.
    SsmValue(Box<ParameterType>),
}

impl ParameterType {
    /// Reads the value of `Type`.
    pub fn from_name(name: &str) -> Option<ParameterType> {
        if let Some(inner) = inner(name, "AWS::SSM::Parameter::Value<") {
            let inner = ParameterType::from_name(inner)?;
            let allowed = !matches!(
                inner,
                ParameterType::Number
                    | ParameterType::ListOfNumber
                    | ParameterType::SsmName
                    | ParameterType::SsmValue(_)
            );
            return allowed.then(|| ParameterType::SsmValue(Box::new(inner)));
        }
        Some(match name {
            "String" => ParameterType::String,
            "Number" => ParameterType::Number,
            "List<Number>" => ParameterType::ListOfNumber,
            "CommaDelimitedList" | "List<String>" => ParameterType::CommaDelimitedList,
            "AWS::SSM::Parameter::Name" => ParameterType::SsmName,
            name if AWS_TYPES.contains(&name) => ParameterType::AwsValue(name.to_owned()),
            name => {
                let element = inner(name, "List<")?;
                if !AWS_TYPES.contains(&element) {
                    return None;
                }
                ParameterType::ListOfAwsValue(element.to_owned())
            }
        })
    }

    /// Whether `Ref` gives a list.
    pub fn is_list(&self) -> bool {
        match self {
            ParameterType::ListOfNumber
            | ParameterType::CommaDelimitedList
            | ParameterType::ListOfAwsValue(_) => true,
            ParameterType::SsmValue(inner) => inner.is_list(),
            _ => false,
        }
    }

    /// The AWS type whose existence is to be checked for each element, if there is one.
    pub fn aws_type(&self) -> Option<&str> {
        match self {
            ParameterType::AwsValue(name) | ParameterType::ListOfAwsValue(name) => Some(name),
            ParameterType::SsmValue(inner) => inner.aws_type(),
            _ => None,
        }
    }
}

fn inner<'a>(name: &'a str, prefix: &str) -> Option<&'a str> {
    name.strip_prefix(prefix)?.strip_suffix('>')
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_read_from_their_names() {
        let list = ParameterType::from_name("List<AWS::EC2::Subnet::Id>").expect("known");
        assert_eq!((list.is_list(), list.aws_type()), (true, Some("AWS::EC2::Subnet::Id")));
        let ssm = ParameterType::from_name("AWS::SSM::Parameter::Value<List<String>>");
        assert!(ssm.expect("known").is_list());
        for unknown in ["string", "List<Text>", "AWS::SSM::Parameter::Value<Number>", "List<>"] {
            assert_eq!(ParameterType::from_name(unknown), None, "{unknown}");
        }
    }
}
