"""Two readers of calendars that share no code with what writes ours: vobject, and ical.js, which mail programs use."""
