//! The value of an expression: a number, a line of values, or several lines.

use super::functions;
use super::parse::{Expression, Operator};
use super::series::{combine, mapped, zipped};
use crate::queries::{Line, Window};
use smol_str::SmolStr;

/// Lines that one value may have.
pub(super) const MAX_LINES: usize = 500;
/// Points that the lines of one value may have in all.
pub(super) const MAX_TOTAL: usize = 5_000_000;

/// What an expression, or a part of one, comes to.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Value {
    Number(f64),
    /// Numbers of several lines.
    Numbers(Vec<f64>),
    Line(Line),
    Lines(Vec<Line>),
    Text(String),
    /// `REPEAT`, `DESC`, `AVG` as an argument.
    Keyword(SmolStr),
}

/// What an expression can ask for.
pub(crate) trait Scope {
    /// The query with this id.
    fn named(&self, id: &str) -> Result<Value, String>;
    /// All metrics whose id contains a text.
    fn metrics(&self, containing: &str) -> Vec<Line>;
    /// The metrics that a search finds.
    fn search(&self, search: &str, stat: &str, period: Option<i64>) -> Result<Vec<Line>, String>;
    /// The stretch of time.
    fn window(&self) -> Window;
    /// The period of lines that are made of nothing, in milliseconds.
    fn period(&self) -> i64;
}

impl Value {
    /// Number of points.
    pub(crate) fn size(&self) -> usize {
        match self {
            Self::Line(line) => line.points.len(),
            Self::Lines(lines) => lines.iter().map(|line| line.points.len()).sum(),
            _ => 0,
        }
    }

    /// The value, if it is not too large to be handed on.
    pub(super) fn bounded(self) -> Result<Self, String> {
        match self.size() > MAX_TOTAL {
            true => Err("The expression has too many datapoints".into()),
            false => Ok(self),
        }
    }

    /// How errors call it.
    pub(super) fn kind(&self) -> &'static str {
        match self {
            Self::Number(_) => "Scalar",
            Self::Numbers(_) => "Scalar[]",
            Self::Line(_) => "TimeSeries",
            Self::Lines(_) => "TimeSeries[]",
            Self::Text(_) => "String",
            Self::Keyword(_) => "Keyword",
        }
    }
}

/// Computes an expression.
pub(crate) fn evaluate(expression: &Expression, scope: &dyn Scope) -> Result<Value, String> {
    match expression {
        Expression::Number(number) => Ok(Value::Number(*number)),
        Expression::Text(text) => Ok(Value::Text(text.clone())),
        Expression::Keyword(word) => Ok(Value::Keyword(word.clone())),
        Expression::Name(id) => scope.named(id),
        Expression::List(items) => list(items, scope),
        Expression::Negative(inner) => {
            let value = evaluate(inner, scope)?;
            binary(Operator::Times, &Value::Number(-1.0), &value)
        }
        Expression::Not(inner) => {
            let value = evaluate(inner, scope)?;
            binary(Operator::Equal, &value, &Value::Number(0.0))
        }
        Expression::Binary(..) => chain(expression, scope),
        Expression::Call(name, items) => {
            let arguments: Result<Vec<Value>, String> =
                items.iter().map(|item| evaluate(item, scope)).collect();
            functions::call(name, &arguments?, scope)
        }
    }
}

/// `a + b + …`: such a chain may be long, and leans to the left; it is followed without recursion.
fn chain(expression: &Expression, scope: &dyn Scope) -> Result<Value, String> {
    let mut first = expression;
    let mut rest = Vec::new();
    while let Expression::Binary(operator, left, right) = first {
        rest.push((*operator, right));
        first = left;
    }
    let mut value = evaluate(first, scope)?;
    for (operator, right) in rest.into_iter().rev() {
        value = binary(operator, &value, &evaluate(right, scope)?)?;
    }
    Ok(value)
}

fn list(items: &[Expression], scope: &dyn Scope) -> Result<Value, String> {
    let mut lines = Vec::new();
    let mut size = 0;
    for item in items {
        let value = evaluate(item, scope)?;
        size += value.size();
        match value {
            Value::Line(line) => lines.push(line),
            Value::Lines(more) => lines.extend(more),
            other => return Err(format!("Unsupported element of an array: {}", other.kind())),
        }
        if lines.len() > MAX_LINES || size > MAX_TOTAL {
            return Err("An array has too many time series or datapoints".into());
        }
    }
    Ok(Value::Lines(lines))
}

/// Two values combined. Each line of an array is combined with a number or a line.
pub(super) fn binary(operator: Operator, left: &Value, right: &Value) -> Result<Value, String> {
    let both = |a: f64, b: f64| combine(operator, a, b);
    let value = match (left, right) {
        (Value::Number(a), Value::Number(b)) => {
            let number = both(*a, *b).ok_or("The result is not a number")?;
            Value::Number(number)
        }
        (Value::Line(line), Value::Number(b)) => Value::Line(mapped(line, |a| both(a, *b))),
        (Value::Number(a), Value::Line(line)) => Value::Line(mapped(line, |b| both(*a, b))),
        (Value::Line(a), Value::Line(b)) => Value::Line(zipped(a, b, both)),
        (Value::Lines(lines), Value::Number(b)) => {
            Value::Lines(lines.iter().map(|line| mapped(line, |a| both(a, *b))).collect())
        }
        (Value::Number(a), Value::Lines(lines)) => {
            Value::Lines(lines.iter().map(|line| mapped(line, |b| both(*a, b))).collect())
        }
        (Value::Lines(lines), Value::Line(b)) => {
            Value::Lines(lines.iter().map(|a| named(zipped(a, b, both), a)).collect())
        }
        (Value::Line(a), Value::Lines(lines)) => {
            Value::Lines(lines.iter().map(|b| named(zipped(a, b, both), b)).collect())
        }
        (left, right) => {
            return Err(format!(
                "Unsupported operand type(s) for {}: '[{}, {}]'",
                symbol(operator),
                left.kind(),
                right.kind()
            ));
        }
    };
    Ok(value)
}

/// A line that goes on under another's label.
fn named(line: Line, of: &Line) -> Line {
    Line { label: of.label.clone(), metric: of.metric.clone(), ..line }
}

const fn symbol(operator: Operator) -> &'static str {
    match operator {
        Operator::Or => "OR",
        Operator::And => "AND",
        Operator::Equal => "==",
        Operator::NotEqual => "!=",
        Operator::Less => "<",
        Operator::LessOrEqual => "<=",
        Operator::Greater => ">",
        Operator::GreaterOrEqual => ">=",
        Operator::Plus => "+",
        Operator::Minus => "-",
        Operator::Times => "*",
        Operator::Over => "/",
        Operator::Power => "^",
    }
}
