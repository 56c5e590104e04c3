//! Scenarios: typed calls on a cloud whose clock is stepped by hand.

mod harness;

mod health;
mod listeners;
mod load_balancers;
mod rules;
mod target_groups;
mod targets;
mod zonal_shifts;
