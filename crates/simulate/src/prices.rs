//! Prices as the user gives them. None are known here: they differ by region, date and contract.

use crate::Failure;
use crate::scenario::text_of;
use smol_str::SmolStr;
use std::collections::BTreeMap;
use std::path::Path;

/// Reads a file of lines `type,usd per hour`; a first line whose price is no number is a heading.
///
/// # Errors
///
/// The line that is none.
pub fn read_prices(path: &Path) -> Result<BTreeMap<SmolStr, f64>, Failure> {
    let text = text_of(path)?;
    let mut prices = BTreeMap::new();
    for (number, line) in text.lines().enumerate().filter(|(_, line)| !line.trim().is_empty()) {
        let pair = line.split_once(',').and_then(|(kind, price)| {
            let price = price.trim().parse::<f64>().ok()?;
            (price.is_finite() && price >= 0.0).then_some((SmolStr::new(kind.trim()), price))
        });
        match pair {
            Some((kind, price)) => drop(prices.insert(kind, price)),
            None if number == 0 => {}
            None => {
                let line = number + 1;
                return Err(Failure(format!("{}:{line}: not 'type,usd per hour'", path.display())));
            }
        }
    }
    Ok(prices)
}
