"""Python environments and what lies in them."""
