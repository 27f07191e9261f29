"""Bytes to text: which encoding they are in, and what in them cannot be decoded.

What is declared is checked against the bytes, what is not is detected, and where neither
tells, the bytes are refused: a wrong encoding makes text that nobody wrote.
"""

from dedup.decoding.detection import detect_encoding
from dedup.decoding.pages import decode_html
from dedup.decoding.text import HEAD_BYTES, Decoded, DecodingError, decode_text, encode_text, find_encoding

__all__ = [
    "HEAD_BYTES",
    "Decoded",
    "DecodingError",
    "decode_html",
    "decode_text",
    "detect_encoding",
    "encode_text",
    "find_encoding",
]
