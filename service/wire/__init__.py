"""Foreign dialects: what SDKs send, read as the domain's commands."""
