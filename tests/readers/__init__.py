"""Programs that read calendars and share no code with what writes ours: vobject, ical.js (mail programs use it), and libical as the judge."""
