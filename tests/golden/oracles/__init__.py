"""What the golden files are made of: one small module per oracle and per topic."""
