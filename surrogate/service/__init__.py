"""The web service: an HTTP API, an assessment page and a digital twin, in one process."""
