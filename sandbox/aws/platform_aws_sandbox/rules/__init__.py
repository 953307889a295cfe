"""One module for each area of AWS; importing a module puts its rules in force."""
