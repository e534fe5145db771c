"""A made-up year of a support desk, from a seed."""
