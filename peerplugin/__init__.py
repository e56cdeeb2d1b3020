"""peerplugin: a peer-support group's weekly Matrix meeting, kept as searchable posts in its Discourse forum."""

__version__ = "0.1.0"
