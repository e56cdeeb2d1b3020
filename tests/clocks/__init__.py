"""Two years of announcements in a process of its own, under any TZ and any zone tables, held to instants that were written by hand."""
