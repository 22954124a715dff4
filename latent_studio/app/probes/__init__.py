"""What the self-test looks at: one small module per part of the machine or of the program."""
