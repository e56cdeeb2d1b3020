"""Matrix: what a homeserver says, in our words; what we say, in its words. Start with `events`, then `client`."""
