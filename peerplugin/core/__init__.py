"""The thinking: pure functions over values. No input or output, no clock, no randomness, no logging."""
