"""Bytes to text: which encoding they are in, and what in them cannot be decoded."""
