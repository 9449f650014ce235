"""How often each cause is behind a sign, what makes it likelier, and what to ask for: the tables of `likelihood`."""
