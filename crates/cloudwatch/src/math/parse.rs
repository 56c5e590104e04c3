//! From words to a tree. OR binds least, then AND, comparisons, sums, products, powers.

use super::lex::{Token, tokens};
use smol_str::SmolStr;

/// How deep an expression may be nested.
const MAX_DEPTH: usize = 32;

/// An expression.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Expression {
    Number(f64),
    Text(String),
    /// The id of another query.
    Name(SmolStr),
    /// `REPEAT`, `DESC`, `AVG` as an argument.
    Keyword(SmolStr),
    /// `[m1, m2]`
    List(Vec<Expression>),
    Negative(Box<Expression>),
    Not(Box<Expression>),
    Binary(Operator, Box<Expression>, Box<Expression>),
    Call(SmolStr, Vec<Expression>),
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Operator {
    Or,
    And,
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Plus,
    Minus,
    Times,
    Over,
    Power,
}

/// Functions of AWS's that are not built.
const UNBUILT: [&str; 6] = [
    "ANOMALY_DETECTION_BAND",
    "DB_PERF_INSIGHTS",
    "INSIGHT_RULE_METRIC",
    "LAMBDA",
    "RESOURCE_COUNT",
    "SERVICE_QUOTA",
];

/// Parses an expression.
pub(crate) fn parse(text: &str) -> Result<Expression, String> {
    if text.trim_start().to_ascii_uppercase().starts_with("SELECT ") {
        return Ok(Expression::Call("SELECT".into(), Vec::new()));
    }
    let tokens = tokens(text)?;
    let mut parser = Parser { tokens: &tokens, depth: 0 };
    let expression = parser.binary(0)?;
    match parser.tokens.first() {
        None => Ok(expression),
        Some(token) => Err(format!("Unexpected token: {}", shown(token))),
    }
}

impl Expression {
    fn children(&self) -> Vec<&Self> {
        match self {
            Self::Number(_) | Self::Text(_) | Self::Name(_) | Self::Keyword(_) => Vec::new(),
            Self::List(items) | Self::Call(_, items) => items.iter().collect(),
            Self::Negative(inner) | Self::Not(inner) => vec![inner],
            Self::Binary(_, left, right) => vec![left, right],
        }
    }

    /// Whatever it is made of, itself first.
    fn parts(&self) -> Vec<&Self> {
        let mut parts = vec![self];
        let mut next = 0;
        while let Some(part) = parts.get(next) {
            let children = part.children();
            parts.extend(children);
            next += 1;
        }
        parts
    }

    /// Ids of the queries that it names.
    pub(crate) fn names(&self) -> Vec<SmolStr> {
        let name = |part: &Self| match part {
            Self::Name(name) => Some(name.clone()),
            _ => None,
        };
        self.parts().into_iter().filter_map(name).collect()
    }

    /// Whether it uses a function.
    pub(crate) fn calls(&self, function: &str) -> bool {
        let is_call = |part: &Self| matches!(part, Self::Call(name, _) if name == function);
        self.parts().into_iter().any(is_call)
    }

    /// A function of AWS's that it uses and that is not built.
    pub(crate) fn unbuilt(&self) -> Option<&'static str> {
        if self.calls("SELECT") {
            return Some("Metrics Insights: SELECT");
        }
        UNBUILT.into_iter().find(|function| self.calls(function))
    }
}

struct Parser<'a> {
    tokens: &'a [Token],
    depth: usize,
}

fn shown(token: &Token) -> String {
    match token {
        Token::Number(number) => number.to_string(),
        Token::Text(text) => format!("'{text}'"),
        Token::Name(word) | Token::Word(word) => word.clone(),
        Token::Symbol(symbol) => (*symbol).to_owned(),
    }
}

/// The operator that a token is, and how closely it binds.
fn operator(token: &Token) -> Option<(Operator, u8)> {
    Some(match token {
        Token::Symbol("||") => (Operator::Or, 1),
        Token::Word(word) if word == "OR" => (Operator::Or, 1),
        Token::Symbol("&&") => (Operator::And, 2),
        Token::Word(word) if word == "AND" => (Operator::And, 2),
        Token::Symbol("==") => (Operator::Equal, 3),
        Token::Symbol("!=") => (Operator::NotEqual, 3),
        Token::Symbol("<") => (Operator::Less, 3),
        Token::Symbol("<=") => (Operator::LessOrEqual, 3),
        Token::Symbol(">") => (Operator::Greater, 3),
        Token::Symbol(">=") => (Operator::GreaterOrEqual, 3),
        Token::Symbol("+") => (Operator::Plus, 4),
        Token::Symbol("-") => (Operator::Minus, 4),
        Token::Symbol("*") => (Operator::Times, 5),
        Token::Symbol("/") => (Operator::Over, 5),
        Token::Symbol("^") => (Operator::Power, 6),
        _ => return None,
    })
}

impl<'a> Parser<'a> {
    fn next(&mut self) -> Result<&'a Token, String> {
        let (first, rest) = self.tokens.split_first().ok_or("Unexpected end of expression")?;
        self.tokens = rest;
        Ok(first)
    }

    fn symbol(&mut self, symbol: &'static str) -> bool {
        let is_next = self.tokens.first() == Some(&Token::Symbol(symbol));
        if is_next {
            self.tokens = &self.tokens[1..];
        }
        is_next
    }

    fn expect(&mut self, symbol: &'static str) -> Result<(), String> {
        match self.next()? {
            Token::Symbol(found) if *found == symbol => Ok(()),
            other => Err(format!("Unexpected token: {}, expected: {symbol}", shown(other))),
        }
    }

    /// Operators that bind at least so closely.
    fn binary(&mut self, least: u8) -> Result<Expression, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err("The expression is nested too deeply".into());
        }
        let mut left = self.unary()?;
        while let Some((operator, closeness)) = self.tokens.first().and_then(operator)
            && closeness >= least.max(1)
        {
            self.next()?;
            // Powers are taken from the right.
            let next = if operator == Operator::Power { closeness } else { closeness + 1 };
            let right = self.binary(next)?;
            left = Expression::Binary(operator, Box::new(left), Box::new(right));
        }
        self.depth -= 1;
        Ok(left)
    }

    fn unary(&mut self) -> Result<Expression, String> {
        if self.symbol("-") {
            return Ok(Expression::Negative(Box::new(self.binary(6)?)));
        }
        if self.symbol("!") {
            return Ok(Expression::Not(Box::new(self.binary(6)?)));
        }
        match self.next()? {
            Token::Number(number) => Ok(Expression::Number(*number)),
            Token::Text(text) => Ok(Expression::Text(text.clone())),
            Token::Name(name) => Ok(Expression::Name(name.into())),
            Token::Word(word) if self.symbol("(") => {
                Ok(Expression::Call(word.into(), self.items(")")?))
            }
            Token::Word(word) => Ok(Expression::Keyword(word.into())),
            Token::Symbol("(") => {
                let inner = self.binary(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Symbol("[") => Ok(Expression::List(self.items("]")?)),
            Token::Symbol(symbol) => Err(format!("Unexpected token: {symbol}")),
        }
    }

    fn items(&mut self, end: &'static str) -> Result<Vec<Expression>, String> {
        let mut items = Vec::new();
        if self.symbol(end) {
            return Ok(items);
        }
        loop {
            items.push(self.binary(0)?);
            if self.symbol(end) {
                return Ok(items);
            }
            self.expect(",")?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// The tree with all its parentheses.
    fn told(expression: &Expression) -> String {
        match expression {
            Expression::Number(number) => number.to_string(),
            Expression::Text(text) => format!("'{text}'"),
            Expression::Name(name) | Expression::Keyword(name) => name.to_string(),
            Expression::List(items) => {
                format!("[{}]", items.iter().map(told).collect::<Vec<_>>().join(","))
            }
            Expression::Negative(inner) => format!("(-{})", told(inner)),
            Expression::Not(inner) => format!("(!{})", told(inner)),
            Expression::Binary(operator, left, right) => {
                format!("({} {operator:?} {})", told(left), told(right))
            }
            Expression::Call(name, items) => {
                format!("{name}({})", items.iter().map(told).collect::<Vec<_>>().join(","))
            }
        }
    }

    #[test]
    fn operators_bind_as_in_mathematics() {
        for (text, tree) in [
            ("1 + 2 * 3 ^ 2 ^ 2", "(1 Plus (2 Times (3 Power (2 Power 2))))"),
            ("a - b - c", "((a Minus b) Minus c)"),
            ("a > 1 AND b < 2 OR c", "(((a Greater 1) And (b Less 2)) Or c)"),
            ("-a + b", "((-a) Plus b)"),
            ("-2 ^ 2", "(-(2 Power 2))"),
            ("SUM([m1, m2]) / PERIOD(m1)", "(SUM([m1,m2]) Over PERIOD(m1))"),
            ("FILL(m1,REPEAT)", "FILL(m1,REPEAT)"),
            ("IF(m1>5 && m2!=0, 1.5e3, m2)", "IF(((m1 Greater 5) And (m2 NotEqual 0)),1500,m2)"),
            ("METRICS(\"x\")", "METRICS('x')"),
        ] {
            assert_eq!(told(&parse(text).expect(text)), tree, "{text}");
        }
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in ["", "m1 +", "(m1", "m1 m2", "SUM(m1", "'open", "m1 # 2", "1.2.3", "[m1"] {
            assert!(parse(text).is_err(), "{text}");
        }
        assert!(parse(&"(".repeat(100_000)).is_err());
        assert!(parse(&"-".repeat(100_000)).is_err());
    }

    proptest! {
        #[test]
        fn no_text_makes_the_parser_panic(text in "[a-zA-Z0-9_+*/^()\\[\\],.<>=!&|'\" -]{0,80}") {
            let _ = parse(&text);
        }
    }
}
