//! Words of an expression.

/// A word. Names of queries begin with a lower-case letter, functions and keywords with an
/// upper-case one.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Text(String),
    Name(String),
    Word(String),
    Symbol(&'static str),
}

/// Longer ones first.
const SYMBOLS: [&str; 19] = [
    "==", "!=", "<=", ">=", "&&", "||", "+", "-", "*", "/", "^", "<", ">", "(", ")", "[", "]", ",",
    "!",
];

/// Takes an expression apart.
pub(super) fn tokens(text: &str) -> Result<Vec<Token>, String> {
    let mut found = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length;
        if first.is_ascii_digit() || first == '.' {
            length = number_length(rest);
            let number = rest[..length].parse().map_err(|_| unexpected(&rest[..length]))?;
            found.push(Token::Number(number));
        } else if first == '"' || first == '\'' {
            let (inside, taken) = quoted(rest, first).ok_or("Unterminated string literal")?;
            found.push(Token::Text(inside));
            length = taken;
        } else if first.is_ascii_alphabetic() {
            length =
                rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '_').unwrap_or(rest.len());
            let word = rest[..length].to_owned();
            found.push(match first.is_ascii_lowercase() {
                true => Token::Name(word),
                false => Token::Word(word),
            });
        } else {
            let symbol = SYMBOLS.into_iter().find(|symbol| rest.starts_with(symbol));
            let symbol = symbol.ok_or_else(|| unexpected(&first.to_string()))?;
            found.push(Token::Symbol(symbol));
            length = symbol.len();
        }
        rest = rest[length..].trim_start();
    }
    Ok(found)
}

fn unexpected(text: &str) -> String {
    format!("Unexpected token: {text}")
}

/// `12`, `.5`, `1.5e-3`
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let digits = |from: usize| {
        bytes[from..].iter().take_while(|b| b.is_ascii_digit() || **b == b'.').count() + from
    };
    let end = digits(0);
    if !matches!(bytes.get(end), Some(b'e' | b'E')) {
        return end;
    }
    let sign = usize::from(matches!(bytes.get(end + 1), Some(b'+' | b'-')));
    match bytes.get(end + 1 + sign) {
        Some(b) if b.is_ascii_digit() => digits(end + 1 + sign),
        _ => end,
    }
}

/// The text between quotes, in which a backslash guards the next character; and how long it is
/// with all of that.
fn quoted(text: &str, quote: char) -> Option<(String, usize)> {
    let mut inside = String::new();
    let mut is_guarded = false;
    for (place, c) in text.char_indices().skip(1) {
        match c {
            _ if is_guarded => {
                inside.push(c);
                is_guarded = false;
            }
            '\\' => is_guarded = true,
            c if c == quote => return Some((inside, place + 1)),
            c => inside.push(c),
        }
    }
    None
}
