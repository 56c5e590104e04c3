//! Scenarios: typed calls on a cloud whose clock is stepped by hand.

mod harness;

mod health;
