"""Learns from labelled meetings what the thinking weighs: nobody needs it to run the service."""
